"""Show the progress of a run: on a terminal, in a log, or as JSON."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Self

import click

from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.cli.commands.campaign.render import duration, moment, tally_fields, write_json
from xoxzo.cloudpy.cli.core.i18n import N_, _
from xoxzo.cloudpy.cli.core.output.terminal import cut, width
from xoxzo.cloudpy.cli.core.output.values import format_value

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Event, Tally

_LOG_INTERVAL_SECONDS = 5.0
_BAR_COLUMNS = 28
_SPEED_COLUMNS = 20
COUNTERS = (
    (State.DELIVERED, N_("{count} delivered"), "green"),
    (State.FAILED, N_("{count} failed"), "red"),
    (State.REJECTED, N_("{count} rejected"), "red"),
    (State.SKIPPED, N_("{count} left out"), None),
    (State.UNKNOWN, N_("{count} unknown"), "yellow"),
)
"""The counts that are shown, and their colours."""
NOTICE_COLOURS = {
    N_("throttled"): "yellow",
    N_("unreachable"): "red",
    N_("waiting"): "cyan",
    N_("settling"): "cyan",
    N_("stopping"): "yellow",
    N_("unknown"): "yellow",
}
"""The kinds of events that are shown with their reason, and their colours."""
# How long a notice without an end time is shown.
_NOTICE_SECONDS = 3.0

Piece = tuple[str, str | None]
"""A text and its colour."""


class Progress:
    """Shows a run: lines that change on a terminal, a line now and then without one, JSON for programs.

    Args:
        name: the campaign's name.
        machine: as JSON, on standard output; everything else goes to standard error.
    """

    def __init__(self, name: str, *, machine: bool) -> None:
        self._name = name
        self._machine = machine
        self._terminal = sys.stderr.isatty() and not machine
        self._next = 0.0
        self._drawn = 0
        self._last = ""
        self._notice: Event | None = None
        self.has_begun = False
        """Whether an event was shown."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._drawn = 0

    def show(self, event: Event) -> None:
        """Show an event of the run."""
        self.has_begun = True
        if self._machine:
            times = {"at": moment(event.at), "wake": moment(event.wake)}
            totals = tally_fields(event.tally)
            write_json(event=event.kind, **times, rate=round(event.rate, 1), **totals, reason=str(event.reason))
        elif self._terminal:
            self._draw(event)
        elif event.kind not in {"progress", "unknown", "throttled", "unreachable"} or time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOG_INTERVAL_SECONDS
            pieces = [*_speed_parts(event), *_counter_parts(event.tally), *_notice_parts(event, event.at)]
            line = " · ".join(text for text, _colour in pieces)
            # A run that waits for the end of quiet hours says so once.
            if line != self._last:
                click.echo(f"{self._name}: {line}", err=True)
            self._last = line

    def _draw(self, event: Event) -> None:
        if event.kind in NOTICE_COLOURS:
            self._notice = event
        elif self._notice is not None and event.at > (self._notice.wake or self._notice.at + _NOTICE_SECONDS):
            self._notice = None
        columns = shutil.get_terminal_size().columns - 1
        lines = [
            _bar(event.tally, min(_BAR_COLUMNS, columns - _SPEED_COLUMNS))
            + _join([("", None), *_speed_parts(event)], columns - _BAR_COLUMNS)
        ]
        lines.append(_join(_counter_parts(event.tally), columns))
        if self._notice is not None and event.kind != "ended":
            lines.append(_join(_notice_parts(self._notice, event.at), columns))
        # Overwrite the previous lines, and erase a third one that is no longer there.
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        click.echo(up + "".join(f"\r\x1b[2K{line}\n" for line in lines) + "\x1b[J", err=True, nl=False)
        self._drawn = len(lines)


def _bar(tally: Tally, length: int) -> str:
    done = _done(tally)
    filled = round(length * done / tally.total) if tally.total else length
    share = 100 * done // tally.total if tally.total else 100
    bar = click.style("━" * filled, fg="green") + click.style("━" * (length - filled), dim=True)
    return f"{bar} {share:>3} %"


def _done(tally: Tally) -> int:
    return tally.total - tally[State.WAITING] - tally.in_flight


def _speed_parts(event: Event) -> list[Piece]:
    tally = event.tally
    pieces: list[Piece] = [(_("{done} of {total}").format(done=f"{_done(tally):,}", total=f"{tally.total:,}"), None)]
    if event.rate and event.kind != "ended":
        pieces.append((_("{rate}/s").format(rate=f"{event.rate:.0f}"), None))
        if tally[State.WAITING]:
            pieces.append((_("{time} left").format(time=duration(tally[State.WAITING] / event.rate)), None))
    return pieces


def _counter_parts(tally: Tally) -> list[Piece]:
    pieces: list[Piece] = [
        (_(words).format(count=f"{tally[state]:,}"), colour) for state, words, colour in COUNTERS if tally[state]
    ]
    if tally.sent:
        pieces.insert(0, (_("{count} sent").format(count=f"{tally.sent:,}"), None))
    return [*pieces, (_("{cost} credits").format(cost=format_value(tally.reserved)), None)]


def _notice_parts(event: Event, now: float) -> list[Piece]:
    if event.kind not in NOTICE_COLOURS or not event.reason:
        return []
    sentence = f"{_(event.kind)}: {event.reason.render(_)}"
    if event.wake is not None:
        sentence += _(", {time} more").format(time=duration(max(0.0, event.wake - now)))
    if event.kind == "stopping":
        count = f"{event.tally.in_flight:,}"
        sentence += _(": completing {count} messages in flight; Ctrl-C again makes them unknown").format(count=count)
    return [(sentence, NOTICE_COLOURS[event.kind])]


def _join(pieces: list[Piece], columns: int) -> str:
    """Join pieces as long as they fit into a line: a wrapped line could not be overwritten."""
    shown, used = [], 0
    for text, colour in pieces:
        taken = width(text) + 3
        used += taken
        if used - 3 > columns:
            text = cut(text, max(0, taken - 3 - (used - 3 - columns)))  # noqa: PLW2901
        shown.append(click.style(text, fg=colour) if colour else text)
        if used - 3 > columns:
            break
    return " · ".join(shown)
