"""Asks for confirmation before a command sends or costs, with a summary of recipients and cost."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import click

from xoxzo.cloudpy.cli.core.exit_codes import NOT_SENT, REJECTED, USAGE, CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import format_credits
from xoxzo.cloudpy.common.user_files import state_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xoxzo.cloudpy.cli.core.config.profiles import Destination
    from xoxzo.cloudpy.cli.core.session import Session

CONFIRM_ABOVE = Decimal(100)
"""The cost in credits above which a send needs confirmation, unless ``confirm_above`` is configured."""


class SendSummary(NamedTuple):
    """What a command is about to do."""

    what: str
    """A description in a few words, in the user's language."""
    recipients: Sequence[str]
    """The numbers, unmasked; may be empty."""
    cost: Decimal | None
    """The total in credits; ``None`` if no price is known."""
    parts: int | None = None
    """SMS parts of each message."""
    at_least: bool = False
    """Whether it may cost more: a call is charged by the minute."""


def confirm_send(session: Session, plan: SendSummary) -> None:
    """Ask for confirmation of a send if it is needed, and return if it was given.

    On a simulator, with ``--yes`` and with ``--dry-run`` none is needed. Else it is needed for an account's first live
    send from a terminal, and whenever the cost is above ``confirm_above`` or not known.

    Raises:
        CommandError: the answer was no, or there is no terminal; nothing was sent.
    """
    where = session.destination
    if session.yes or session.dry_run or where.is_simulator:
        return
    if where.kind == "nothing":
        raise CommandError(
            _("nothing listens at {url}; nothing was sent.", url=where.base_url),
            _("Start a simulator (xoxzo simulator), or the server that should be there."),
            status=NOT_SENT,
        )
    chosen = session.setting("confirm_above", (int, float))
    limit = CONFIRM_ABOVE if chosen is None else Decimal(str(chosen))
    expensive = plan.cost is None or plan.cost > limit
    interactive = _is_interactive()
    if not expensive and (not interactive or _confirmation_marker(where).exists()):
        return
    if not interactive:
        cost = _("its cost is not known") if plan.cost is None else _("it costs {cost}", cost=describe_cost(plan))
        raise CommandError(
            _("{cost}, and there is no terminal to ask for confirmation; nothing was sent.", cost=cost),
            _("--yes sends without asking; xoxzo config set confirm_above CREDITS changes the limit."),
            status=USAGE,
        )
    show_summary(session, plan)
    if not click.confirm(_("Send it?"), err=True):
        raise CommandError(_("Nothing was sent."), status=REJECTED)
    remember_confirmation(where)


def confirm_action(session: Session, question: str) -> None:
    """Ask for confirmation of what cannot be undone; raise `CommandError` if it is refused or there is no terminal."""
    if session.yes or session.dry_run or session.destination.is_simulator:
        return
    if not _is_interactive():
        raise CommandError(
            _("There is no terminal to ask for confirmation; nothing was changed."), _("--yes does it without asking.")
        )
    if not click.confirm(question, err=True):
        raise CommandError(_("Nothing was changed."), status=REJECTED)


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def describe_cost(plan: SendSummary) -> str:
    """Return the cost of a plan in words."""
    if plan.cost is None:
        return _("not known: no price is published")
    cost = format_credits(plan.cost)
    return _("at least {cost}", cost=cost) if plan.at_least else _("about {cost}", cost=cost)


def show_summary(session: Session, plan: SendSummary) -> None:
    """Print a plan on standard error."""
    numbers = [session.out.number(number) for number in plan.recipients]
    listed = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    click.secho(plan.what, bold=True, err=True)
    if numbers:
        click.echo(f"  {_('recipients')}: {len(numbers):,} ({listed})", err=True)
    if plan.parts is not None:
        click.echo(f"  {_('parts of each')}: {plan.parts}", err=True)
    click.echo(f"  {_('cost')}: {describe_cost(plan)}", err=True)


def remember_confirmation(where: Destination) -> None:
    """Store that a send by this account was confirmed: the next cheap one needs no confirmation."""
    mark = _confirmation_marker(where)
    try:
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
    except OSError as error:
        # The next send asks once more; that does no harm.
        click.echo(_("{path} cannot be written: {why}", path=mark, why=error.strerror or error), err=True)


def _confirmation_marker(where: Destination) -> Path:
    from hashlib import sha256

    account = sha256(f"{where.base_url} {where.sid}".encode()).hexdigest()[:16]
    return state_folder() / f"asked-{account}"
