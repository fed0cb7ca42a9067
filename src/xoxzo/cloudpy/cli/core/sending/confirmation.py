"""Money and people: what a send comes to is shown, and asked about, before it is made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.exit_codes import NOT_SENT, REJECTED, USAGE, CommandError
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.values import format_value
from xoxzo.cloudpy.common.user_folders import state_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xoxzo.cloudpy.cli.core.config.profiles import Destination
    from xoxzo.cloudpy.cli.core.session import Session

CONFIRM_ABOVE = Decimal(100)
"""Credits above which there is a question, unless the configuration's ``confirm_above`` says otherwise."""


@dataclass(frozen=True, slots=True)
class SendSummary:
    """What a command is about to do."""

    what: str
    """In a few words, in the reader's language."""
    recipients: Sequence[str]
    """The numbers, whole; empty where nobody is reached."""
    cost: Decimal | None
    """Credits, all together; ``None`` where no price is known."""
    parts: int | None = None
    """SMS parts of each message."""
    at_least: bool = False
    """Whether it may cost more: a call is charged by the minute."""


def confirm_send(session: Session, plan: SendSummary) -> None:
    """Return if a plan may be carried out; ask where somebody is there to be asked.

    On a simulator, with ``--yes`` and with ``--dry-run`` there is no question. Else there is one before the first live
    send of an account from a terminal, and whenever it costs more than ``confirm_above`` or nobody knows what it costs.

    Raises:
        Refused: the answer was no, or nobody could be asked; nothing was sent.
    """
    where = session.destination
    if session.yes or session.dry_run or where.is_simulator:
        return
    if where.kind == "nothing":
        raise CommandError(
            _("nothing listens at {url}; nothing was sent.").format(url=where.base_url),
            _("Start a simulator (xoxzo simulator), or whatever is to be there."),
            status=NOT_SENT,
        )
    chosen = session.setting("confirm_above", (int, float))
    limit = CONFIRM_ABOVE if chosen is None else Decimal(str(chosen))
    dear = plan.cost is None or plan.cost > limit
    someone = _is_interactive()
    if not dear and (not someone or _confirmation_marker(where).exists()):
        return
    if not someone:
        cost = (
            _("nobody knows what it costs")
            if plan.cost is None
            else _("it costs {cost}").format(cost=describe_cost(plan))
        )
        raise CommandError(
            _("{cost}, and there is no terminal to ask for confirmation; nothing was sent.").format(cost=cost),
            _("--yes sends without asking; xoxzo config set confirm_above CREDITS moves the limit."),
            status=USAGE,
        )
    show_summary(session, plan)
    if not click.confirm(_("Send it?"), err=True):
        raise CommandError(_("Nothing was sent."), status=REJECTED)
    remember_confirmation(where)


def confirm_action(session: Session, question: str) -> None:
    """Return if something may be done for good; ask where somebody is there to be asked.

    Raises:
        Refused: the answer was no, or nobody could be asked; nothing was changed.
    """
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
    """Say what a plan costs."""
    if plan.cost is None:
        return _("not known: no price is published")
    words = _("at least {cost} credits") if plan.at_least else _("about {cost} credits")
    return words.format(cost=format_value(plan.cost))


def show_summary(session: Session, plan: SendSummary) -> None:
    """Show a plan on standard error."""
    numbers = [session.out.number(number) for number in plan.recipients]
    listed = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    click.secho(plan.what, bold=True, err=True)
    if numbers:
        click.echo(f"  {_('recipients')}: {len(numbers):,} ({listed})", err=True)
    if plan.parts is not None:
        click.echo(f"  {_('parts of each')}: {plan.parts}", err=True)
    click.echo(f"  {_('cost')}: {describe_cost(plan)}", err=True)


def remember_confirmation(where: Destination) -> None:
    """Keep that somebody has said yes to a send by this account: the next cheap one is not asked about."""
    mark = _confirmation_marker(where)
    try:
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
    except OSError as error:
        # Asked once more than needed is no harm.
        click.echo(_("{path} cannot be written: {why}").format(path=mark, why=error.strerror or error), err=True)


def _confirmation_marker(where: Destination) -> Path:
    from hashlib import sha256

    account = sha256(f"{where.base_url} {where.sid}".encode()).hexdigest()[:16]
    return state_folder() / f"asked-{account}"
