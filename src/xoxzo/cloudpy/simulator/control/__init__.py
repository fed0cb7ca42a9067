"""The control API under `/_simulator/`: everything that the console does, for any language.

It needs no credentials, so it must not be reachable by a web page: the Host header has to name this machine (a page
cannot do that by rebinding its own name), and what changes something has to be JSON (which a page cannot post across
sites without being asked first).

`..guard` keeps strangers out, `table` lists what can be asked, `bodies` and `answers` say in which words, `doors` do
it, and `document` describes it all as OpenAPI, from the same table.
"""

from __future__ import annotations

from xoxzo.cloudpy.simulator.guard import is_local

from .app import application

__all__ = ["application", "is_local"]
