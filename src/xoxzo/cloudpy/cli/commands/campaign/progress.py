"""Show the progress of a run: on a terminal, in a log, or as JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import click

from xoxzo.cloudpy.campaigns import Event, State, Tally
from xoxzo.cloudpy.cli.commands.campaign.render import duration, local_time, moment, tally_fields, write_json
from xoxzo.cloudpy.cli.core.i18n import N_, _
from xoxzo.cloudpy.cli.core.output.values import format_credits

if TYPE_CHECKING:
    from xoxzo.cloudpy.cli.core.output.progress import Piece

_LOG_INTERVAL_SECONDS = 5.0
_LONG_WAIT_SECONDS = 100.0
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


class Progress(ExitStack):
    """Shows a run: lines that change on a terminal, a line now and then without one, JSON if `machine`.

    The lines change after `draw_seconds` at the earliest.
    """

    def __init__(self, name: str, *, machine: bool, draw_seconds: float = 0.0) -> None:
        super().__init__()
        self._draw_seconds = draw_seconds
        self._name = name
        self._machine = machine
        self._draw: Callable[..., None] | None = None
        self._next = 0.0
        self._last = ""
        self._notice: Event | None = None
        self.has_begun = False
        """Whether an event was shown."""

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self._machine:
            from xoxzo.cloudpy.cli.core.output.progress import live_lines

            self._draw = self.enter_context(live_lines())
        return self

    def show(self, event: Event) -> None:
        """Show an event of the run."""
        self.has_begun = True
        if self._machine:
            times = {"at": moment(event.at), "wake": moment(event.wake)}
            totals = tally_fields(event.tally)
            write_json(event=event.kind, **times, rate=round(event.rate, 1), **totals, reason=str(event.reason))
        elif self._draw is not None:
            if event.kind == "ended" or time.monotonic() >= self._next:
                self._draw(*self._shown(event))
                self._next = time.monotonic() + self._draw_seconds
        elif event.kind not in {"progress", "unknown", "throttled", "unreachable"} or time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOG_INTERVAL_SECONDS
            pieces = [*_speed_parts(event), *_counter_parts(event.tally), *_notice_parts(event, event.at)]
            line = " · ".join(text for text, _colour in pieces)
            # A run that waits for its hours says so once.
            if line != self._last:
                click.echo(f"{self._name}: {line}", err=True)
            self._last = line

    def _shown(self, event: Event) -> tuple[float, list[Piece], list[Piece], list[Piece]]:
        """Return the share that is done, what stands beside the bar, and the lines below it."""
        if event.kind in NOTICE_COLOURS:
            self._notice = event
        elif self._notice is not None and (
            event.tally.sent > self._notice.tally.sent
            or event.at > (self._notice.wake or self._notice.at + _NOTICE_SECONDS)
        ):
            self._notice = None
        notice = [] if self._notice is None or event.kind == "ended" else _notice_parts(self._notice, event.at)
        share = _done(event.tally) / event.tally.total if event.tally.total else 1.0
        return share, _speed_parts(event), _counter_parts(event.tally), notice


def _done(tally: Tally) -> int:
    return tally.total - tally[State.WAITING] - tally.in_flight


def _speed_parts(event: Event) -> list[Piece]:
    tally = event.tally
    pieces: list[Piece] = [(_("{done} of {total}", done=f"{_done(tally):,}", total=f"{tally.total:,}"), None)]
    if event.rate and event.kind != "ended":
        pieces.append((_("{rate}/s", rate=f"{event.rate:.0f}"), None))
        if tally[State.WAITING]:
            pieces.append((_("{time} left", time=duration(tally[State.WAITING] / event.rate)), None))
    return pieces


def _counter_parts(tally: Tally) -> list[Piece]:
    sent = [(_("{count} sent", count=f"{tally.sent:,}"), None)] if tally.sent else []
    counts = [(_(words, count=f"{tally[state]:,}"), colour) for state, words, colour in COUNTERS if tally[state]]
    return [*sent, *counts, (_("about {cost}", cost=format_credits(tally.reserved)), None)]


def _notice_parts(event: Event, now: float) -> list[Piece]:
    if event.kind not in NOTICE_COLOURS or not event.reason:
        return []
    sentence = f"{_(event.kind)}: {event.reason.render(_)}"
    if event.wake is not None:
        left = max(0.0, event.wake - now)
        if left >= _LONG_WAIT_SECONDS:
            sentence += _(", until {time}", time=local_time(event.wake))
        sentence += _(", {time} more", time=duration(left))
    if event.kind == "stopping":
        count = f"{event.tally.in_flight:,}"
        sentence += _(": completing {count} messages in flight; Ctrl-C again makes them unknown", count=count)
    return [(sentence, NOTICE_COLOURS[event.kind])]
