"""`--dry-run`: a transport that shows each request and sends none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

import click

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.output.results import Output
    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget

_NUMBERS = frozenset({"recipient", "phone_number", "participants", "caller"})


class DryTransport:
    """Shows a request on `out` instead of sending it, and ends the command."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> NoReturn:
        """Show a request without credentials; numbers are masked unless they may be shown."""
        del budget, progress
        shown: dict[str, object] = {"event": "dry_run", "method": request.method, "url": request.url}
        if request.body:
            content_type = dict(request.headers).get("content-type", "")
            shown |= {"content_type": content_type, "body": self._body(request, content_type)}
        self._out.record(shown)
        raise RequestShown

    def _body(self, request: Request, content_type: str) -> dict[str, object]:
        if "json" in content_type:
            import msgspec

            fields = dict(msgspec.json.decode(request.body))
        else:
            fields = dict(parse_qsl(request.body.decode("ascii")))
        return {name: self._out.number(value) if name in _NUMBERS else value for name, value in fields.items()}

    def close(self) -> None:
        """Do nothing: there is no connection."""


class RequestShown(click.exceptions.Exit):
    """The request was shown: the command ends with status 0."""

    def __init__(self) -> None:
        super().__init__(0)
