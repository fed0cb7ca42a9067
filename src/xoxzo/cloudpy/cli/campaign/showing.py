"""How plans, progress and results of campaigns are shown: to people, and to programs."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import click

from xoxzo.cloudpy.campaigns import State

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns import Event, Limits, Plan, Result, Tally

_EVERY = 5.0
_WIDTH = 24
_SHOWN = (State.DELIVERED, State.SENT, State.FAILED, State.REJECTED, State.SKIPPED, State.UNKNOWN, State.ASSUMED)


def show_plan(plan: Plan, limits: Limits, balance: str, *, machine: bool) -> None:
    """Show a plan on standard output."""
    if machine:
        told = {name: getattr(plan, name) for name in plan.__struct_fields__}
        click.echo(json.dumps({"event": "plan", **told, "balance": balance}, ensure_ascii=False, default=str))
        return
    parts = ", ".join(f"{count:,} × {n}" for n, count in sorted(plan.parts.items()) if n)
    unpriced = f", and {plan.unpriced:,} without a known price (--price)" if plan.unpriced else ""
    lines = [
        ("recipients", f"{plan.recipients:,}"),
        ("read as", plan.input),
        ("columns", ", ".join(f"{name} ← {column}" for name, column in plan.columns.items())),
        ("parts", parts or "calls"),
        ("cost", f"about {plan.cost:,} credits{unpriced}"),
        ("balance", balance),
        ("time", "as fast as it goes" if plan.seconds is None else duration(plan.seconds)),
        ("quiet hours", plan.quiet or "none"),
    ]
    for count, words in (
        (plan.bad, "rows cannot be sent to"),
        (plan.repeated, "rows repeat a number"),
        (plan.suppressed, "are on the suppression list"),
    ):
        if count:
            lines.append(("left out", f"{count:,} {words}"))
    lines += [("assumed", f"{count:,} times: {doubt}") for doubt, count in plan.doubts.items()]
    if limits.max_cost is not None:
        lines.append(("at most", f"{limits.max_cost:,} credits"))
    for title, value in lines:
        click.echo(f"{click.style(title.ljust(12), dim=True)} {value}")
    for number, text in plan.samples:
        click.echo(f"{click.style('sample'.ljust(12), dim=True)} {number}  {text}")


def show_result(name: str, result: Result, *, machine: bool) -> None:
    """Say how a run ended."""
    if machine:
        click.echo(
            json.dumps({"event": "result", **facts(result.tally), "state": result.state, "reason": result.reason})
        )
        return
    why = f": {result.reason}" if result.reason else ""
    click.echo(f"{name} {result.state}{why}")
    show_tally(result.tally)
    if result.unknown:
        click.echo(
            f"{result.unknown:,} may have been sent, and nobody can tell: xoxzo campaign unknown {name}", err=True
        )
    elif result.state != "finished":
        click.echo(f"Go on with: xoxzo campaign resume {name}", err=True)


def show_tally(tally: Tally) -> None:
    """Show the figures on standard output."""
    for state in (*_SHOWN, State.WAITING):
        if tally[state]:
            word = "not sent yet" if state == State.WAITING else state.name.lower()
            click.echo(f"  {word:<13}{tally[state]:>10,}")
    click.echo(f"  {'cost':<13}{tally.charged:>10,} credits charged so far, {tally.reserved:,} estimated")


class Progress:
    """Shows a run: one line that changes on a terminal, a line now and then without one, JSON for programs.

    Args:
        name: the campaign's name.
        machine: as JSON, on standard output; everything else goes to standard error.
    """

    def __init__(self, name: str, *, machine: bool) -> None:
        self._name = name
        self._machine = machine
        self._terminal = sys.stderr.isatty() and not machine
        self._next = 0.0
        self._open = False
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end_line()

    def tell(self, event: Event) -> None:
        """Take an event of the run."""
        if self._machine:
            told = {"event": event.kind, "at": round(event.at, 3), "rate": round(event.rate, 1)}
            click.echo(json.dumps({**told, **facts(event.tally), "reason": event.reason, "wake": event.wake}))
        elif self._terminal:
            self._bar(event)
        elif event.kind not in {"progress", "unknown"} or time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            line = self._line(event)
            # A run that waits for the morning says so once.
            if line != self._last:
                click.echo(f"{self._name}: {line}", err=True)
            self._last = line

    def _bar(self, event: Event) -> None:
        tally = event.tally
        done = tally.total - tally[State.WAITING] - tally.in_flight
        filled = round(_WIDTH * done / tally.total) if tally.total else _WIDTH
        bar = click.style("━" * filled, fg="green") + click.style("━" * (_WIDTH - filled), dim=True)
        # Erased and written anew: the line before may have been longer.
        click.echo(f"\r\x1b[2K{bar} {self._line(event)}", err=True, nl=False)
        self._open = True

    def _line(self, event: Event) -> str:
        tally = event.tally
        words = [f"{tally.total - tally[State.WAITING] - tally.in_flight:,} of {tally.total:,}"]
        if event.rate and event.kind in {"progress", "unknown"}:
            words.append(f"{event.rate:.0f}/s")
            if tally[State.WAITING]:
                words.append(f"{duration(tally[State.WAITING] / event.rate)} left")
        words += [
            f"{tally[state]:,} {state.name.lower()}"
            for state in (State.DELIVERED, State.FAILED, State.REJECTED, State.UNKNOWN)
            if tally[state]
        ]
        words.append(f"{tally.reserved:,} credits")
        if event.kind in {"throttled", "waiting", "settling"}:
            left = "" if event.wake is None else f", {duration(max(0.0, event.wake - event.at))}"
            words.append(f"{event.kind}: {event.reason}{left}")
        return " · ".join(words)

    def _end_line(self) -> None:
        if self._open:
            click.echo(err=True)
            self._open = False


def duration(seconds: float) -> str:
    """Say how long something takes, for people."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def facts(tally: Tally) -> dict[str, Any]:
    """Return the figures as they stand in JSON."""
    counts = {state.name.lower(): tally[state] for state in State}
    money = {"reserved": str(tally.reserved), "charged": str(tally.charged)}
    return {"total": tally.total, "in_flight": tally.in_flight, **counts, **money}
