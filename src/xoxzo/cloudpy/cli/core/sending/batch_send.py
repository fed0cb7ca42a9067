"""Asks before a command sends or costs, then sends to several recipients, or waits for several ids, one by one.

Each recipient has a result; the command exits with the most severe status.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import APIFailure, CommandError, invalid_arguments_as_errors, print_error
from xoxzo.cloudpy.cli.core.i18n import Word, _
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.output.values import format_credits
from xoxzo.cloudpy.cli.core.sending.options import Recipient
from xoxzo.cloudpy.cli.core.session import RequestShown, Session
from xoxzo.cloudpy.common.user_files import state_folder
from xoxzo.cloudpy.errors import APIError, AuthenticationFailed, ConnectionFailed, NotEnoughCredits, PermissionDenied

CONFIRM_ABOVE = Decimal(100)
"""The cost in credits above which a send needs confirmation, unless ``confirm_above`` is configured."""
_RESULTS = {exit_codes.REJECTED: Word("rejected"), exit_codes.MAY_BE_SENT: Word("may have been sent")}
_ALL_AFFECTED = AuthenticationFailed | ConnectionFailed | NotEnoughCredits | PermissionDenied
"""Errors that the other recipients would meet, too."""
_NOT_SENT, _NOT_TRIED = Word("not sent"), Word("not tried")


def confirm_send(
    session: Session,
    what: str,
    recipients: Sequence[str],
    cost: Decimal | None,
    parts: int | None = None,
    *,
    at_least: bool = False,
) -> None:
    """Ask for confirmation of a send if it is needed, and return if it was given.

    On a simulator, with ``--yes`` and with ``--dry-run`` none is needed. Else it is needed for an account's first live
    send from a terminal, and whenever the cost is above ``confirm_above`` or not known.

    `what` describes it in the user's language. `cost` is the total in credits, ``None`` if no price is known; with
    `at_least` it may be more: a call is charged by the minute. `parts` are those of each SMS. `CommandError` if the
    answer was no, or there is no terminal; nothing was sent.
    """
    where = session.destination
    if session.yes or session.dry_run or where.is_simulator:
        return
    if where.kind == "nothing":
        raise CommandError(
            _("nothing listens at {url}; nothing was sent.", url=where.base_url),
            _("Start a simulator (xoxzo simulator), or the server that should be there."),
            status=exit_codes.NOT_SENT,
        )
    chosen = session.setting("confirm_above", (int, float))
    expensive = cost is None or cost > (CONFIRM_ABOVE if chosen is None else Decimal(str(chosen)))
    interactive = _is_interactive()
    account = sha256(f"{where.base_url} {where.sid}".encode()).hexdigest()[:16]
    confirmed = state_folder() / f"asked-{account}"
    if not expensive and (not interactive or confirmed.exists()):
        return
    if cost is None:
        price, sentence = _("not known: no price is published"), _("its cost is not known")
    else:
        shown = format_credits(cost)
        price = _("at least {cost}", cost=shown) if at_least else _("about {cost}", cost=shown)
        sentence = _("it costs {cost}", cost=price)
    if not interactive:
        raise CommandError(
            _("{cost}, and there is no terminal to ask for confirmation; nothing was sent.", cost=sentence),
            _("--yes sends without asking; xoxzo config set confirm_above CREDITS changes the limit."),
        )
    click.secho(what, bold=True, err=True)
    if recipients:
        listed = ", ".join(map(session.out.number, recipients[:5])) + (" …" if len(recipients) > 5 else "")
        click.echo(f"  {_('recipients')}: {len(recipients):,} ({listed})", err=True)
    if parts is not None:
        click.echo(f"  {_('parts of each')}: {parts}", err=True)
    click.echo(f"  {_('cost')}: {price}", err=True)
    if not click.confirm(_("Send it?"), err=True):
        raise CommandError(_("Nothing was sent."), status=exit_codes.REJECTED)
    try:
        confirmed.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        confirmed.touch(mode=0o600)
    except OSError as error:
        # The next send asks once more; that does no harm.
        click.echo(_("{path} cannot be written: {why}", path=confirmed, why=error.strerror or error), err=True)


def confirm_action(session: Session, question: str) -> None:
    """Ask for confirmation of what cannot be undone; raise `CommandError` if it is refused or there is no terminal."""
    if session.yes or session.dry_run or session.destination.is_simulator:
        return
    if not _is_interactive():
        raise CommandError(
            _("There is no terminal to ask for confirmation; nothing was changed."), _("--yes does it without asking.")
        )
    if not click.confirm(question, err=True):
        raise CommandError(_("Nothing was changed."), status=exit_codes.REJECTED)


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


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
    confirm_send(session, what, [one.number for one in people], cost, parts)


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

    `send` takes the recipient's number and returns a record with the id, whose name is `key`; `done` is the result of a
    success; `follow` is the command to suggest next, with ``{id}`` in it. Wrong credentials, an empty account and a
    missing network affect all recipients: the rest is not tried then.
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
    if any(not isinstance(one, APIFailure) or isinstance(one.error, _ALL_AFFECTED) for one in failures[-1:]):
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


def show_each(
    session: Session,
    ids: Sequence[str],
    get: Callable[[str], Any],
    columns: Sequence[str],
    *,
    good: Callable[[Any], bool] | None = None,
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
