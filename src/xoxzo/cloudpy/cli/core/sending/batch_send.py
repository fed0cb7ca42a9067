"""Sends to several recipients and waits for several ids, one after the other: results, and the most severe status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import APIFailure, CommandError, invalid_arguments_as_errors, print_error
from xoxzo.cloudpy.cli.core.i18n import Word, _
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.sending.confirmation import SendSummary, confirm_send
from xoxzo.cloudpy.cli.core.session import RequestShown
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.sending.options import Recipient
    from xoxzo.cloudpy.cli.core.session import Session
    from xoxzo.cloudpy.models.base import Model

_RESULTS = {exit_codes.REJECTED: Word("rejected"), exit_codes.MAY_BE_SENT: Word("may have been sent")}
_NOT_SENT, _NOT_TRIED = Word("not sent"), Word("not tried")


def check_each(people: Sequence[Recipient], operation: Callable[..., object], given: Mapping[str, Any]) -> None:
    """Refuse invalid arguments of a send before the first request."""
    with invalid_arguments_as_errors(nothing_sent=True):
        for one in people:
            operation(recipient=one.number, **given)


def confirm_sms(
    session: Session,
    what: str,
    text: str,
    people: Sequence[Recipient],
    given: Mapping[str, Any],
    *,
    price: Decimal | None,
) -> None:
    """Ask for confirmation of an SMS to all recipients, with the cost of its text, which may be not known."""
    from xoxzo.cloudpy.text import estimate

    cost: Decimal | None = Decimal(0)
    parts = None
    for one in people:
        found = estimate(
            text,
            one.country or "ZZ",
            track_link=bool(given["track_link"]),
            k_premium=one.country == "JP" and bool(given["jp_kp"] or given["jp_kpl"]),
            price=price,
        )
        parts = found.parts
        cost = None if cost is None or found.credits is None else cost + found.credits
    confirm_send(session, SendSummary(what, [one.number for one in people], cost, parts))


def send_each(
    session: Session,
    people: Sequence[Recipient],
    send: Callable[..., Any],
    *,
    key: str = "msgid",
    done: str = "sent",
    follow: str = "sms wait {id}",
) -> None:
    """Send to each recipient, write the results, and exit with the most severe status unless all succeeded.

    Wrong credentials, an empty account and a missing network affect all recipients: the rest is not tried then.

    Args:
        session: writes the results.
        people: the recipients.
        send: sends to the number given as `recipient`; returns a record with the id.
        key: the name of the id.
        done: the result of a successful send.
        follow: the command to suggest next, with ``{id}`` in it.
    """
    if session.dry_run:
        for one in people:
            with suppress(RequestShown):
                send(recipient=one.number)
        return
    out, failures, ids = session.out, list[CommandError](), list[str | None]()

    def rows() -> Iterator[dict[str, Any]]:
        with _progress(session, len(people)) as more:
            for one in people:
                row = {key: None, "recipient": out.number(one.number)}
                row |= _attempt(session, partial(send, recipient=one.number), failures, key=key, done=done)
                ids.append(row[key])
                yield row
                more()

    if out.draws:
        # A table has no errors: they are printed below it.
        hidden = {"exit", "error"}
        table = [{name: value for name, value in row.items() if name not in hidden} for row in rows()]
        out.table(table, (key, "recipient", "result"), single=True)
    else:
        out.table(rows(), (key, "recipient", "result", "error"))
    for failure in () if out.machine else failures:
        for line in (failure.message, *(f"  {advice}" for advice in failure.advice)):
            out.warn(line)
    if failures:
        raise click.exceptions.Exit(exit_codes.worst(*(failure.status for failure in failures)))
    if len(people) == 1:
        session.follow(follow.format(id=ids[0]))


def _attempt(
    session: Session, send: Callable[[], Any], failures: list[CommandError], *, key: str, done: str
) -> dict[str, Any]:
    if failures and _affects_all_recipients(failures[-1]):
        return {"result": _NOT_TRIED, "error": None, "exit": exit_codes.NOT_SENT}
    try:
        sent = send()
    except APIError as error:
        failure: CommandError = APIFailure(error)
    except KeyboardInterrupt:
        failure = session.interrupted()
    else:
        return {key: getattr(sent, key), "result": Word(done), "error": None, "exit": 0, **session.out.facts(sent)}
    failures.append(failure)
    result = _RESULTS.get(failure.status, _NOT_SENT)
    return {"result": result, "error": failure.message, "exit": failure.status}


def _progress(session: Session, count: int) -> AbstractContextManager[Callable[[], None]]:
    if count < 2 or session.out.machine or not sys.stderr.isatty():
        return nullcontext(lambda: None)
    from xoxzo.cloudpy.cli.core.output.progress import progress_bar

    return progress_bar(_("Sending"), count)


def _affects_all_recipients(failure: CommandError) -> bool:
    from xoxzo.cloudpy.errors import AuthenticationFailed, ConnectionFailed, NotEnoughCredits, PermissionDenied

    every = AuthenticationFailed | ConnectionFailed | NotEnoughCredits | PermissionDenied
    return not isinstance(failure, APIFailure) or isinstance(failure.error, every)


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
    waits = good is not None and sys.stderr.isatty() and not session.out.machine and not session.dry_run
    statuses, failures, every = [exit_codes.DONE], list[CommandError](), expand_stdin(ids)

    def rows() -> Iterator[dict[str, Any]]:
        for position, ident in enumerate(every, 1):
            which = f"{position}/{len(every)} {ident}" if len(every) > 1 else ident
            try:
                with _spinner(which) if waits else nullcontext():
                    found = get(ident)
            except RequestShown:
                continue
            except APIError as error:
                failures.append(APIFailure(error))
                continue
            if good is not None and not good(found):
                statuses.append(exit_codes.REJECTED)
            yield session.out.facts(found)

    session.out.table(rows(), columns, single=True)
    for failure in failures:
        print_error(click.get_current_context(), failure)
    if status := exit_codes.worst(*statuses, *(failure.status for failure in failures)):
        raise click.exceptions.Exit(status)


def _spinner(which: str) -> AbstractContextManager[None]:
    from xoxzo.cloudpy.cli.core.output.progress import spinner

    return spinner(_("Waiting for {which}", which=which))
