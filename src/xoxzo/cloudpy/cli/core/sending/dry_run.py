"""`--dry-run`: a transport that shows each request and carries none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

import click

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.output.results import Output
    from xoxzo.cloudpy.protocols import Progress, Request, TimeBudget

_NUMBERS = frozenset({"recipient", "phone_number", "participants", "caller"})


class DryTransport:
    """Shows a request in place of sending it, and ends the command there.

    Args:
        out: where it is shown.
    """

    def __init__(self, out: Output) -> None:
        self._out = out

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> NoReturn:
        """Show a request; its credentials are left out, its numbers masked unless they are to be shown."""
        del budget, progress
        shown = {"event": "dry_run", "method": request.method, "url": request.url}
        headers = dict(request.headers)
        if request.body:
            shown["content_type"] = headers.get("content-type", "")
        self._out.record({**shown, **({"body": self._body(request, headers)} if request.body else {})})
        raise RequestShown

    def _body(self, request: Request, headers: dict[str, str]) -> dict[str, object]:
        if "json" in headers.get("content-type", ""):
            import msgspec

            fields = dict(msgspec.json.decode(request.body))
        else:
            fields = dict(parse_qsl(request.body.decode("ascii")))
        return {name: self._out.number(value) if name in _NUMBERS else value for name, value in fields.items()}

    def close(self) -> None:
        """Do nothing: nothing was opened."""


class RequestShown(click.exceptions.Exit):
    """The request was shown, which is all that was wanted."""

    def __init__(self) -> None:
        super().__init__(0)
