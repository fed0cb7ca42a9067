"""Sends to several recipients and waits for several ids, one after the other: results, and the most severe status."""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import print_error, to_command_error
from xoxzo.cloudpy.cli.core.i18n import Word, _
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.sending.confirmation import SendSummary, confirm_send
from xoxzo.cloudpy.cli.core.sending.dry_run import RequestShown
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xoxzo.cloudpy.cli.core.sending.options import Recipient
    from xoxzo.cloudpy.cli.core.session import Session
    from xoxzo.cloudpy.models.base import Model

_RESULTS = {exit_codes.REJECTED: Word("rejected"), exit_codes.MAY_BE_SENT: Word("may be sent")}
_NOT_SENT, _NOT_TRIED = Word("not sent"), Word("not tried")


def estimate_cost(
    text: str, recipients: Sequence[Recipient], options: Mapping[str, Any], price: Decimal | None
) -> tuple[Decimal | None, int | None]:
    """Return the credits for a text to all recipients, ``None`` if a price is unknown, and the parts of each."""
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


def confirm_sms(
    session: Session,
    what: str,
    text: str,
    recipients: Sequence[Recipient],
    options: Mapping[str, Any],
    *,
    price: Decimal | None,
) -> None:
    """Ask for confirmation of an SMS to all recipients, with its estimated cost; see `estimate_cost`."""
    cost, parts = estimate_cost(text, recipients, options, price)
    confirm_send(session, SendSummary(what, [one.number for one in recipients], cost, parts))


class BatchSend:
    """One send for each recipient.

    Args:
        session: writes the results.
        key: the name of the id: ``msgid`` or ``callid``.
        done: the result of a successful send.
    """

    def __init__(self, session: Session, key: str, *, done: str = "sent") -> None:
        self._session = session
        self._done = Word(done)
        self._key = key
        self._failures: list[exit_codes.CommandError] = []
        self._stopped = False

    def run(self, numbers: Sequence[str], send: Callable[[str], Any], *, follow: str) -> None:
        """Send to each, write the results, and exit with the most severe status unless all succeeded.

        Wrong credentials, an empty account and a missing network affect all recipients: the rest is not tried then.

        Args:
            numbers: the recipients in E.164.
            send: sends to one; returns a record with the id.
            follow: the command to suggest next, with ``{id}`` in it.
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
        for failure in () if self._session.out.machine else self._failures:
            for line in (failure.message, *(f"  {advice}" for advice in failure.advice)):
                self._session.out.warn(line)
        if self._failures:
            raise click.exceptions.Exit(exit_codes.worst(*(failure.status for failure in self._failures)))
        if len(numbers) == 1:
            self._session.follow(follow.format(id=last.get(self._key)))

    def _noted(
        self, rows: Iterator[dict[str, Any]] | list[dict[str, Any]], last: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        for row in rows:
            last.update(row)
            # A table has no errors: they are printed below it.
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
            assert failure is not None  # noqa: S101 - it is an error of the library
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


def _affects_all_recipients(failure: exit_codes.CommandError) -> bool:
    from xoxzo.cloudpy.errors import AuthenticationFailed, ConnectionFailed, NotEnoughCredits, PermissionDenied

    error = getattr(failure, "error", None)
    return error is None or isinstance(
        error, AuthenticationFailed | ConnectionFailed | NotEnoughCredits | PermissionDenied
    )


T = TypeVar("T", bound="Model")


def show_each(
    session: Session,
    ids: Sequence[str],
    get: Callable[[str], T],
    columns: Sequence[str],
    *,
    good: Callable[[T], bool] | None = None,
) -> None:
    """Show the record of each id (``-``: standard input), and exit with the most severe status; `good` judges them."""
    shows = good is not None and sys.stderr.isatty() and not session.out.machine and not session.dry_run
    worst = [exit_codes.DONE]
    failures: list[exit_codes.CommandError] = []
    every = expand_stdin(ids)

    def rows() -> Iterator[dict[str, Any]]:
        for position, ident in enumerate(every, 1):
            try:
                with _spinner(ident, position, len(every), shows=shows):
                    found = get(ident)
            except RequestShown:
                continue
            except APIError as error:
                known = to_command_error(error)
                assert known is not None  # noqa: S101 - it is an error of the library
                failures.append(known)
                worst.append(known.status)
                continue
            if good is not None and not good(found):
                worst.append(exit_codes.REJECTED)
            yield session.out.facts(found)

    session.out.table(rows(), columns, single=True)
    for failure in failures:
        print_error(click.get_current_context(), failure)
    if status := exit_codes.worst(*worst):
        raise click.exceptions.Exit(status)


def _spinner(ident: str, position: int, count: int, *, shows: bool) -> Any:  # noqa: ANN401 - a context
    if not shows:
        return nullcontext()
    from xoxzo.cloudpy.cli.core.output.progress import spinner

    which = f"{position}/{count} {ident}" if count > 1 else ident
    return spinner(_("Waiting for {which}", which=which))
