"""What commands that send have in common: options, recipients, confirmation, and one result for each recipient.

A command for several recipients or ids goes through them one by one, and exits with the most severe status.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.click_base import add_options
from xoxzo.cloudpy.cli.core.exit_codes import APIFailure, CommandError, invalid_arguments_as_errors, print_error
from xoxzo.cloudpy.cli.core.i18n import Word, _, render_error
from xoxzo.cloudpy.cli.core.inputs import CREDITS, expand_stdin
from xoxzo.cloudpy.cli.core.output.values import format_credits
from xoxzo.cloudpy.cli.core.session import RequestShown, Session
from xoxzo.cloudpy.common.user_files import state_folder

if TYPE_CHECKING:
    from xoxzo.cloudpy.callbacks import Callbacks

country_option = click.option(
    "--country",
    metavar="CC",
    help="The country of numbers without a country code; by default the configured one, or JP.",
)
_TAGGED = (
    click.option("--reference", metavar="TEXT", help="Your own key to find it by; it is sent as a tag."),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="A tag; may be repeated."),
    click.option("--callback-url", metavar="URL", help="URL that receives the result of the message or call."),
    click.option(
        "--callbacks",
        metavar="URL",
        help="The same, signed with XOXZO_CALLBACK_SECRET and bound to --reference; xoxzo listen --verify checks it.",
    ),
)
_SMS = (
    click.option("--sender", metavar="NAME", help="10 letters and digits, or 15 digits; else the configuration's."),
    *_TAGGED,
    click.option("--track-link", is_flag=True, help="Replace the first link with a tracked short link, at extra cost."),
    click.option("--lt-callback-url", metavar="URL", help="URL that receives the first click; needs --track-link."),
    click.option("--jp-kp", is_flag=True, help="K-premium route to Japan; needs --jp-kp-sender."),
    click.option("--jp-kpl", is_flag=True, help="K-premium Lite; needs --jp-kp-sender."),
    click.option("--jp-kp-sender", metavar="DIGITS", help="The sender registered for K-premium."),
    click.option("--price", type=CREDITS, help="For each part, where yours differs from the published one."),
    country_option,
)
_CALL = (
    click.option("--caller", metavar="NUMBER", help="The number to show; else the configuration's."),
    *_TAGGED,
    country_option,
)


sms_options, call_options = add_options(*_SMS), add_options(*_CALL)
"""Add the options of an SMS, and of a call, to a command."""


SIGNING_VARIABLE = "XOXZO_CALLBACK_SECRET"
"""The environment variable with the secret that signs callback URLs; a command line would show it to others."""
_NEW_VALUE = "\"$(python3 -c 'import secrets; print(secrets.token_hex())')\""
_COUNTRIES = {"+81": "JP", "+60": "MY"}
"""The countries with published prices; others need not be known."""
CONFIRM_ABOVE = Decimal(100)
"""The cost in credits above which a send needs confirmation, unless ``confirm_above`` is configured."""
_RESULTS = {exit_codes.REJECTED: Word("rejected"), exit_codes.MAY_BE_SENT: Word("may have been sent")}
_FOR_ALL = errors.AuthenticationFailed | errors.ConnectionFailed | errors.NotEnoughCredits | errors.PermissionDenied
"""Errors that the other recipients would meet, too."""
_NOT_SENT, _NOT_TRIED = Word("not sent"), Word("not tried")


class Recipient(NamedTuple):
    """A recipient."""

    number: str
    """In E.164."""
    country: str | None
    """ISO 3166-1 alpha-2, if it is known without a library."""


def complete_send(
    session: Session, option: Literal["sender", "caller"], given: dict[str, Any], recipients: Iterable[str]
) -> list[Recipient]:
    """Complete the options of a send in `given`, and return its recipients; see `read_recipients`.

    The sender or caller may come from the configuration, and callback URLs are signed. Raises `click.UsageError`.
    """
    given[option] = given[option] or session.setting(option)
    if not given[option]:
        raise click.UsageError(_("Give --{option}, or set a default: xoxzo config set {option} …", option=option))
    if given["callbacks"] is not None:
        if given["callback_url"] is not None or given.get("lt_callback_url") is not None:
            raise click.UsageError(_("--callbacks makes the URLs: omit the other callback URLs."))
        if given["reference"] is None:
            raise click.UsageError(_("--callbacks needs --reference: each URL is bound to it."))
        given["callbacks"] = signing_callbacks(given["callbacks"])
    return read_recipients(session, recipients, given.pop("country"), sms=option == "sender")


def read_recipients(
    session: Session, given: Iterable[str], country: str | None = None, *, sms: bool = False
) -> list[Recipient]:
    """Read numbers (``-``: standard input) or raise `CommandError`; warn of assumptions and repeated numbers."""
    session.destination  # noqa: B018 - prints it before any other message
    found: dict[str, Recipient] = {}
    for position, text in enumerate(expand_stdin(given), 1):
        one, remarks = _read(session, text, position, country, sms=sms)
        if one.number in found:
            remarks.append(_("this number is listed twice; it is used once"))
        for remark in remarks:
            session.out.warn(f"{session.out.number(one.number)}: {remark}")
        found.setdefault(one.number, one)
    if not found:
        raise CommandError(_("There is no number to send to."))
    return list(found.values())


def _read(session: Session, text: str, position: int, country: str | None, *, sms: bool) -> tuple[Recipient, list[str]]:
    """Return a recipient, with assumptions and warnings; reading E.164 loads no number plans."""
    from xoxzo.cloudpy.phone import parse, recipient_error

    if not recipient_error(text):
        return Recipient(text, _COUNTRIES.get(text[:3])), []
    try:
        number = parse(text, country or session.country, test_numbers=session.destination.is_simulator)
    except errors.InvalidArgument as error:
        shown = text if session.out.show_numbers else _("number {place}", place=position)
        advice = _("Nothing was sent. See how a number is read: xoxzo phone format NUMBER")
        raise CommandError(f"{shown}: {render_error(error)}", advice) from None
    remarks = [_(str(assumption)) for assumption in number.assumptions]
    if sms and number.kind not in {"mobile", "fixed_or_mobile"}:
        remarks.append(_("this is not a mobile number ({kind}): it may not receive SMS", kind=_(number.kind)))
    return Recipient(number.e164, number.country), remarks


def signing_secret() -> str:
    """Return the secret that signs URLs; `CommandError` without one."""
    secret = os.environ.get(SIGNING_VARIABLE)
    if not secret:
        raise CommandError(
            _("{variable} is not set, and URLs are signed with it.", variable=SIGNING_VARIABLE),
            _("Type: {command}", command=f"export {SIGNING_VARIABLE}={_NEW_VALUE}"),
            _("Store it: the program that receives the callbacks needs the same value."),
        )
    return secret


def signing_callbacks(url: str) -> Callbacks:
    """Return the `Callbacks` for a public URL; `CommandError` without secret, `ConfigurationError` for a bad one."""
    from xoxzo.cloudpy.callbacks import Callbacks

    return Callbacks(signing_secret(), url)


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
    if any(not isinstance(one, APIFailure) or isinstance(one.error, _FOR_ALL) for one in failures[-1:]):
        return {"result": _NOT_TRIED, "error": None, "exit": exit_codes.NOT_SENT}
    try:
        sent = send()
    except errors.APIError as error:
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
            except errors.APIError as error:
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
