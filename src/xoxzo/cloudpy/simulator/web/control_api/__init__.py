"""The control API under `/_simulator/`: everything that the console does, for any language; `routes` is its table.

It needs no credentials, so no web page may reach it: the Host header has to name this machine (a page cannot do that by
rebinding its own name), and what changes something has to be JSON (which a page cannot post without being asked first).
"""
