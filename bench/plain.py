"""What the simulator is compared with: uvicorn, Starlette and SQLite, as anybody would put them together."""

from __future__ import annotations

import secrets
import socket
import sqlite3
import sys
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def application(path: str) -> Starlette:
    """Return an application with one path: a form becomes a row, which is committed before it is answered."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE message (msgid TEXT PRIMARY KEY, recipient TEXT, sender TEXT, message TEXT)")

    async def send(request: Request) -> JSONResponse:
        form = await request.form()
        msgid = secrets.token_hex(16)
        row = (msgid, form["recipient"], form["sender"], form["message"])
        connection.execute("INSERT INTO message VALUES (?, ?, ?, ?)", row)
        return JSONResponse([{"msgid": msgid}], 201)

    async def credits_left(_request: Request) -> JSONResponse:
        return JSONResponse({"credits": 0})

    return Starlette(routes=[Route("/sms/messages/", send, methods=["POST"]), Route("/you/credits/", credits_left)])


def main(path: str) -> None:
    """Serve on a free port, which is printed."""
    # IPPROTO_TCP by name, or asyncio sets no TCP_NODELAY and each answer waits for 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(application(path), log_level="error", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
