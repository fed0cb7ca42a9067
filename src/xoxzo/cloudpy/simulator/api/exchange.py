"""What a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xoxzo.cloudpy.simulator.bodies import parse
from xoxzo.cloudpy.simulator.engine import Account, Engine
from xoxzo.cloudpy.simulator.fields import Fields
from xoxzo.cloudpy.simulator.http import Reply, Request, encode

JSON = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One authenticated request to a known path."""

    engine: Engine
    account: Account
    request: Request
    ident: str
    """The id in the path, or an empty text."""
    base_url: str

    def fields(self) -> Fields:
        """Read the body.

        Raises:
            Refused: It cannot be read.
        """
        return Fields(parse(self.request.header(b"content-type"), self.request.body))


Handler = Callable[[Exchange], Reply]
Methods = Mapping[str, Handler]


def reply(status: int, body: object) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status, encode(body), JSON)


def empty(status: int) -> Reply:
    """Return a reply without a body, and so without a Content-Type (API section 15.15)."""
    return Reply(status)
