"""Asking after ids, and waiting for them: messages and calls alike."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.errors import APIError

from . import statuses
from .dry import Shown
from .inputs import each_of
from .statuses import refusal
from .telling import tell_refusal
from .words import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xoxzo.cloudpy.models.base import Model

    from .session import Session

T = TypeVar("T", bound="Model")


def ask(session: Session, ids: Sequence[str], get: Callable[[str], T], columns: Sequence[str]) -> None:
    """Show the record of each id, and end with the gravest status of all questions."""
    _follow(session, ids, get, columns, good=lambda _: True)


def wait_for(
    session: Session, ids: Sequence[str], wait: Callable[[str], T], columns: Sequence[str], *, good: Callable[[T], bool]
) -> None:
    """Wait for each id, show how it ended, and end with the gravest status.

    Args:
        session: how it is told.
        ids: what to wait for.
        wait: waits for one.
        columns: what a table has.
        good: whether one ended well; else the status is 3.
    """
    shows = sys.stderr.isatty() and not session.out.machine and not session.dry_run
    _follow(session, ids, wait, columns, good=good, shows=shows)


def _follow(
    session: Session,
    ids: Sequence[str],
    get: Callable[[str], T],
    columns: Sequence[str],
    *,
    good: Callable[[T], bool],
    shows: bool = False,
) -> None:
    worst = [statuses.DONE]
    refused: list[statuses.Refused] = []
    every = each_of(ids)

    def rows() -> Iterator[dict[str, Any]]:
        for place, ident in enumerate(every, 1):
            try:
                with _wheel(ident, place, len(every), shows=shows):
                    found = get(ident)
            except Shown:
                continue
            except APIError as error:
                known = refusal(error)
                assert known is not None  # noqa: S101 - it is one of ours
                refused.append(known)
                worst.append(known.status)
                continue
            if not good(found):
                worst.append(statuses.REJECTED)
            yield session.out.facts(found)

    session.out.table(rows(), columns, single=True)
    for each in refused:
        tell_refusal(click.get_current_context(), each)
    if status := statuses.worst(*worst):
        raise click.exceptions.Exit(status)


def _wheel(ident: str, place: int, count: int, *, shows: bool) -> Any:  # noqa: ANN401 - a context
    if not shows:
        return nullcontext()
    from .drawing import waiting

    which = f"{place}/{count} {ident}" if count > 1 else ident
    return waiting(tr("Waiting for {which}", which=which))
