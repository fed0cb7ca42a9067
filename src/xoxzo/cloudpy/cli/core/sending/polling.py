"""Gets or waits for the records of several ids, messages and calls alike, and shows them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xoxzo.cloudpy.cli.core import exit_codes
from xoxzo.cloudpy.cli.core.exit_codes import print_error, to_command_error
from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.inputs import expand_stdin
from xoxzo.cloudpy.cli.core.sending.dry_run import RequestShown
from xoxzo.cloudpy.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xoxzo.cloudpy.cli.core.session import Session
    from xoxzo.cloudpy.models.base import Model

T = TypeVar("T", bound="Model")


def show_each(
    session: Session,
    ids: Sequence[str],
    get: Callable[[str], T],
    columns: Sequence[str],
    *,
    good: Callable[[T], bool] | None = None,
) -> None:
    """Show the record of each id, and exit with the most severe status.

    Args:
        session: writes the records.
        ids: ids of messages or calls; ``-`` stands for the lines of standard input.
        get: gets a record, or waits for its final status.
        columns: the columns of a table.
        good: whether the final status is a success, else the exit status is 3; given when `get` waits, which a
            spinner shows then.
    """
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
    return spinner(_("Waiting for {which}").format(which=which))
