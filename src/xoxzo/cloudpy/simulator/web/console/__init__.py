"""The web console. The server renders its pages, which work without scripts; none is loaded before it is requested.

With scripts they are live: an event stream names what has changed, the page requests itself again, and a script
replaces what differs.
"""
