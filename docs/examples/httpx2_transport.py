"""A transport over httpx2, for what ours does not support: SOCKS proxies and HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import httpx2

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.protocols import TransportFailure

if TYPE_CHECKING:
    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget

PHASES = {httpx2.ConnectTimeout: "connect", httpx2.PoolTimeout: "pool", httpx2.WriteTimeout: "write"}


class Httpx2Transport:
    """Sends requests by an httpx2 client."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> Httpx2Response:
        def trace(event: str, _: object) -> None:
            # The class of an exception does not say whether the request left; this event does.
            if event.endswith("send_request_headers.started"):
                progress.start_write()

        remaining = budget.remaining()
        read, connect = min(budget.read, remaining), min(budget.connect, remaining)
        timeout = {"connect": connect, "read": read, "write": read, "pool": remaining}
        try:
            # Not by client.build_request, which would add headers and cookies.
            message = httpx2.Request(
                request.method,
                request.url,
                headers=list(request.headers),
                content=request.body or None,
                extensions={"timeout": timeout, "trace": trace},
            )
            return Httpx2Response(self.client.send(message, auth=None, follow_redirects=False, stream=True))
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            fail(error)

    def close(self) -> None:
        self.client.close()


class Httpx2Response:
    """A response whose body is still to be read."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = dict(response.headers)
        self.pieces = response.iter_raw()

    def read(self, budget: TimeBudget) -> bytes:
        if not budget.remaining():
            raise TransportFailure("the deadline passed", timeout="deadline")
        try:
            return next(self.pieces, b"")
        except httpx2.TransportError as error:
            fail(error)

    def close(self) -> None:
        self.response.close()


def fail(error: Exception) -> NoReturn:
    """Raise what the client expects. The message of the exception is left out: it may hold an address."""
    timeout = PHASES.get(type(error), "read") if isinstance(error, httpx2.TimeoutException) else None
    raise TransportFailure(f"httpx2: {type(error).__name__}", timeout=timeout) from error


def main() -> None:
    """Send an SMS, for instance through a SOCKS proxy."""
    # No connection is kept: a response could be given to another request.
    limits = httpx2.Limits(max_keepalive_connections=0)
    transport = Httpx2Transport(httpx2.Client(http2=True, limits=limits))  # proxy="socks5://localhost:1080"
    with Client(transport=transport) as client:
        print(client.sms.send(recipient="+818011112222", sender="Shop", message="こんにちは").msgid)
    transport.close()


if __name__ == "__main__":
    main()
