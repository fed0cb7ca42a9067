"""The control API under `/_simulator/`: everything that the console does, for any language.

It needs no credentials, so it must not be reachable by a web page: the Host header has to name this machine (a page
cannot do that by rebinding its own name), and what changes something has to be JSON (which a page cannot post across
sites without being asked first).

`routes` lists the requests with what each does; the OpenAPI document is made from the same table. `schemas` has their
bodies.
"""
