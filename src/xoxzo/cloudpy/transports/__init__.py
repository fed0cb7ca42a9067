"""Carry HTTP requests: one HTTP/1.1 engine, for threads and for asyncio.

``http1`` turns requests into bytes and bytes into responses and knows no network; httptools, the parser of Node.js,
does the reading. ``threads`` and ``aio`` are its two drivers, ``routes`` is the one place for addresses and proxies,
``tls`` the one for certificates, and ``pool`` keeps connections for the next request.

The engine is our own because a promise depends on it: it knows whether any byte of a request may have left, and it
never gives a request bytes that came for another one.
"""
