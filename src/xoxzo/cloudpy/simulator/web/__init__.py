"""Everything that is served over HTTP: the API's ASGI application, the control API, the console and metrics."""
