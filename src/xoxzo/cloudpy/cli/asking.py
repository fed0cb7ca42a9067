"""Money and people: what a send comes to is shown, and asked about, before it is made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from . import config
from .output import for_people
from .statuses import NOT_SENT, REJECTED, USAGE, Refused
from .words import tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .profiles import Destination
    from .session import Session

CONFIRM_ABOVE = Decimal(100)
"""Credits above which there is a question, unless the configuration's ``confirm_above`` says otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
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


def allow(session: Session, plan: Plan) -> None:
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
        raise Refused(
            tr("nothing listens at {url}; nothing was sent.", url=where.base_url),
            tr("Start a simulator (xoxzo simulator), or whatever is to be there."),
            status=NOT_SENT,
        )
    chosen = session.setting("confirm_above", (int, float))
    limit = CONFIRM_ABOVE if chosen is None else Decimal(str(chosen))
    dear = plan.cost is None or plan.cost > limit
    someone = _someone()
    if not dear and (not someone or _known(where).exists()):
        return
    if not someone:
        cost = tr("nobody knows what it costs") if plan.cost is None else tr("it costs {cost}", cost=price(plan))
        raise Refused(
            tr("{cost}, and nobody is there to be asked; nothing was sent.", cost=cost),
            tr("--yes sends without asking; xoxzo config set confirm_above CREDITS moves the limit."),
            status=USAGE,
        )
    show(session, plan)
    if not click.confirm(tr("Send it?"), err=True):
        raise Refused(tr("Nothing was sent."), status=REJECTED)
    remember(where)


def sure(session: Session, question: str) -> None:
    """Return if something may be done for good; ask where somebody is there to be asked.

    Raises:
        Refused: the answer was no, or nobody could be asked; nothing was changed.
    """
    if session.yes or session.dry_run or session.destination.is_simulator:
        return
    if not _someone():
        raise Refused(tr("Nobody is there to be asked; nothing was changed."), tr("--yes does it without asking."))
    if not click.confirm(question, err=True):
        raise Refused(tr("Nothing was changed."), status=REJECTED)


def _someone() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def price(plan: Plan) -> str:
    """Say what a plan costs."""
    if plan.cost is None:
        return tr("not known: no price is published")
    words = tr("at least {cost} credits") if plan.at_least else tr("about {cost} credits")
    return words.format(cost=for_people(plan.cost))


def show(session: Session, plan: Plan) -> None:
    """Show a plan on standard error."""
    numbers = [session.out.number(number) for number in plan.recipients]
    listed = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    click.secho(plan.what, bold=True, err=True)
    if numbers:
        click.echo(f"  {tr('recipients')}: {len(numbers):,} ({listed})", err=True)
    if plan.parts is not None:
        click.echo(f"  {tr('parts of each')}: {plan.parts}", err=True)
    click.echo(f"  {tr('cost')}: {price(plan)}", err=True)


def remember(where: Destination) -> None:
    """Keep that somebody has said yes to a send by this account: the next cheap one is not asked about."""
    mark = _known(where)
    try:
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
    except OSError as error:
        # Asked once more than needed is no harm.
        click.echo(tr("{path} cannot be written: {why}", path=mark, why=error.strerror or error), err=True)


def _known(where: Destination) -> Path:
    from hashlib import sha256

    account = sha256(f"{where.base_url} {where.sid}".encode()).hexdigest()[:16]
    return config.state_folder() / f"asked-{account}"
