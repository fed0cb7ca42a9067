"""Asking after ids, and waiting for them: messages and calls alike."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import to_command_error
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.output.error_output import print_error
from xoxzo.cloudpy.cli.core.sending.dry_run import RequestShown
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xoxzo.cloudpy.cli.core.session import Session
    from xoxzo.cloudpy.models.base import Model

T = TypeVar("T", bound="Model")


def show_each(session: Session, ids: Sequence[str], get: Callable[[str], T], columns: Sequence[str]) -> None:
    """Show the record of each id, and end with the gravest status of all questions."""
    _poll(session, ids, get, columns, good=lambda _: True)


def wait_for_each(
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
    _poll(session, ids, wait, columns, good=good, shows=shows)


def _poll(
    session: Session,
    ids: Sequence[str],
    get: Callable[[str], T],
    columns: Sequence[str],
    *,
    good: Callable[[T], bool],
    shows: bool = False,
) -> None:
    worst = [exit_codes.DONE]
    failure: list[exit_codes.CommandError] = []
    every = expand_stdin(ids)

    def rows() -> Iterator[dict[str, Any]]:
        for place, ident in enumerate(every, 1):
            try:
                with _spinner(ident, place, len(every), shows=shows):
                    found = get(ident)
            except RequestShown:
                continue
            except APIError as error:
                known = to_command_error(error)
                assert known is not None  # noqa: S101 - it is one of ours
                failure.append(known)
                worst.append(known.status)
                continue
            if not good(found):
                worst.append(exit_codes.REJECTED)
            yield session.out.facts(found)

    session.out.table(rows(), columns, single=True)
    for each in failure:
        print_error(click.get_current_context(), each)
    if status := exit_codes.worst(*worst):
        raise click.exceptions.Exit(status)


def _spinner(ident: str, place: int, count: int, *, shows: bool) -> Any:  # noqa: ANN401 - a context
    if not shows:
        return nullcontext()
    from xoxzo.cloudpy.cli.core.output.progress import spinner

    which = f"{place}/{count} {ident}" if count > 1 else ident
    return spinner(_("Waiting for {which}").format(which=which))
