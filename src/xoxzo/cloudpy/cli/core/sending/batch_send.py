"""Sending to several, one after the other: a result for each, and the gravest status at the end."""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import to_command_error
from xoxzo.cloudpy.cli.core.i18n import Word, _
from xoxzo.cloudpy.cli.core.sending.dry_run import RequestShown
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xoxzo.cloudpy.cli.core.sending.recipients import Recipient
    from xoxzo.cloudpy.cli.core.session import Session

_RESULTS = {exit_codes.REJECTED: Word("rejected"), exit_codes.MAY_BE_SENT: Word("may be sent")}
_NOT_SENT, _NOT_TRIED = Word("not sent"), Word("not tried")


def estimate_cost(
    text: str, recipients: Sequence[Recipient], options: Mapping[str, Any], price: Decimal | None
) -> tuple[Decimal | None, int | None]:
    """Estimate what a text costs for all recipients, and the parts that it takes.

    Args:
        text: the text.
        recipients: to whom.
        options: those of the send: ``track_link`` and the K-premium routes cost more.
        price: credits for each part, where the user has said so.

    Returns:
        The credits, ``None`` where no price is known for one of them; and the parts of each message.
    """
    from xoxzo.cloudpy.text import estimate

    total: Decimal | None = Decimal(0)
    parts = None
    for one in recipients:
        found = estimate(
            text,
            one.country or "ZZ",
            track_link=bool(options.get("track_link")),
            k_premium=one.country == "JP" and bool(options.get("jp_kp") or options.get("jp_kpl")),
            price=price,
        )
        parts = found.parts
        total = None if total is None or found.credits is None else total + found.credits
    return total, parts


class BatchSend:
    """One send for each recipient.

    Args:
        session: how it is told.
        key: what an id is called: ``msgid`` or ``callid``.
        done: what a result is called that went well.
    """

    def __init__(self, session: Session, key: str, *, done: str = "sent") -> None:
        self._session = session
        self._done = Word(done)
        self._key = key
        self._failures: list[exit_codes.CommandError] = []
        self._stopped = False

    def run(self, numbers: Sequence[str], send: Callable[[str], Any], *, follow: str) -> None:
        """Send to each, tell the results, and end the program with the gravest status unless all went well.

        Wrong credentials, an empty account and a network that is not there would meet everybody else, too: the rest is
        not tried then.

        Args:
            numbers: to whom.
            send: sends to one; returns what has the id.
            follow: what may be typed next, with ``{id}`` in it.
        """
        if self._session.dry_run:
            for number in numbers:
                with suppress(RequestShown):
                    send(number)
            return
        columns = (self._key, "recipient", "result", "error")
        rows = list(self._rows(numbers, send)) if self._session.out.draws else self._rows(numbers, send)
        last: dict[str, Any] = {}
        self._session.out.table(self._noted(rows, last), columns, single=True)
        for failure in self._failures:
            self._tell(failure)
        if self._failures:
            raise click.exceptions.Exit(exit_codes.worst(*(failure.status for failure in self._failures)))
        if len(numbers) == 1:
            self._session.follow(follow.format(id=last.get(self._key)))

    def _noted(
        self, rows: Iterator[dict[str, Any]] | list[dict[str, Any]], last: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        for row in rows:
            last.update(row)
            # A person sees how it went, and reads below what went wrong.
            shown = {name: value for name, value in row.items() if name not in {"exit", "error"}}
            yield shown if self._session.out.draws else row

    def _rows(self, numbers: Sequence[str], send: Callable[[str], Any]) -> Iterator[dict[str, Any]]:
        with self._progress(len(numbers)) as more:
            for number in numbers:
                shown = self._session.out.number(number)
                yield {self._key: None, "recipient": shown} | self._one(number, send)
                more()

    def _one(self, number: str, send: Callable[[str], Any]) -> dict[str, Any]:
        if self._stopped:
            return {"result": _NOT_TRIED, "error": None, "exit": exit_codes.NOT_SENT}
        try:
            sent = send(number)
        except APIError as error:
            failure = to_command_error(error)
            assert failure is not None  # noqa: S101 - it is one of ours
        except KeyboardInterrupt:
            failure = self._session.interrupted()
        else:
            facts = self._session.out.facts(sent)
            return {self._key: getattr(sent, self._key), "result": self._done, "error": None, "exit": 0, **facts}
        self._failures.append(failure)
        self._stopped = _affects_all_recipients(failure)
        result = _RESULTS.get(failure.status, _NOT_SENT)
        return {"result": result, "error": failure.message, "exit": failure.status}

    def _progress(self, count: int) -> Any:  # noqa: ANN401 - a context that yields a function
        if count < 2 or self._session.out.machine or not sys.stderr.isatty():
            return nullcontext(lambda: None)
        from xoxzo.cloudpy.cli.core.output.progress import progress_bar

        return progress_bar(_("Sending"), count)

    def _tell(self, failure: exit_codes.CommandError) -> None:
        if self._session.out.machine:
            return
        self._session.out.warn(failure.message)
        for line in failure.advice:
            self._session.out.warn(f"  {line}")


def _affects_all_recipients(failure: exit_codes.CommandError) -> bool:
    from xoxzo.cloudpy.errors import AuthenticationFailed, ConnectionFailed, NotEnoughCredits, PermissionDenied

    error = getattr(failure, "error", None)
    return error is None or isinstance(
        error, AuthenticationFailed | ConnectionFailed | NotEnoughCredits | PermissionDenied
    )
