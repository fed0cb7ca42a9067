"""Carry HTTP requests: one HTTP/1.1 engine, for threads and for asyncio.

``http1`` turns requests into bytes and bytes into responses, by httptools and without network. ``threads`` and ``aio``
drive it, ``routes`` knows addresses and proxies, ``tls`` certificates, and ``pool`` keeps connections.

The engine is our own because a promise depends on it: it knows whether any byte of a request may have left, and it
never gives a request bytes that came for another one.
"""
