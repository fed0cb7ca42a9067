"""The other side: a server in a process of its own that answers every request as Xoxzo answers a send."""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import suppress

BODY = b'[{"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"}]'
HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
ANSWER = HEAD % len(BODY) + BODY
# What the peer's kit that is compared with wants: one record and no list.
RECORD = BODY.strip(b"[]")
TWILIO_ANSWER = HEAD % len(RECORD) + RECORD


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read requests and answer them, until the other side ends it."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0))
            writer.write(TWILIO_ANSWER if head.startswith(b"POST /2010-04-01/") else ANSWER)
    writer.close()


async def main(certificate: str) -> None:
    """Serve with this certificate on a free port, which is printed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
