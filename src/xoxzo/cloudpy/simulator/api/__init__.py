"""The HTTP API as a function from request to reply; it knows no server and no socket."""
