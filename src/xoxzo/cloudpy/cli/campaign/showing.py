"""How plans and results of campaigns are shown: to people, and to programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xoxzo.cloudpy.campaigns import State

if TYPE_CHECKING:
    from decimal import Decimal

    from xoxzo.cloudpy.campaigns import Limits, Plan, Result, Tally

_WIDTH = 24
_LONG = 600.0
_SHOWN = (State.DELIVERED, State.SENT, State.FAILED, State.REJECTED, State.SKIPPED, State.UNKNOWN, State.ASSUMED)


class Balance(NamedTuple):
    """What the account holds, or why that is not known."""

    credits: Decimal | None
    why: str = ""


def show_plan(plan: Plan, limits: Limits, balance: Balance, *, machine: bool) -> None:
    """Show a plan on standard output."""
    if machine:
        told = {name: getattr(plan, name) for name in plan.__struct_fields__}
        money = {"balance": balance.credits, "balance_unknown": balance.why}
        click.echo(json.dumps({"event": "plan", **told, **money}, ensure_ascii=False, default=str))
        return
    unpriced = f", and {plan.unpriced:,} without a known price (--price)" if plan.unpriced else ""
    lines = [
        ("recipients", f"{plan.recipients:,}"),
        ("read as", plan.input),
        ("columns", ", ".join(f"{name} ← {column}" for name, column in plan.columns.items())),
        *_parts(plan),
        ("cost", f"about {plan.cost:,} credits{unpriced}"),
        ("balance", _balance(plan, balance)),
        ("time", _time(plan, limits)),
        ("quiet hours", f"{plan.quiet}, by each recipient's clock" if plan.quiet else "none"),
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
    if limits.expires is not None:
        lines.append(("expires", _moment(limits.expires)))
    lines += [("sample", f"{number}  {text}") for number, text in plan.samples]
    before = ""
    for title, value in lines:
        click.echo(f"{click.style(('' if title == before else title).ljust(12), dim=True)} {value}")
        before = title


def _parts(plan: Plan) -> list[tuple[str, str]]:
    if not any(plan.parts):
        return [("parts", "calls")]
    if len(plan.parts) == 1:
        [n] = plan.parts
        return [("parts", f"{n} part{'s' if n > 1 else ''} each")]
    most, wide = max(plan.parts.values()), len(f"{max(plan.parts.values()):,}")
    shown = []
    for n, count in sorted(plan.parts.items()):
        word = "part " if n == 1 else "parts"
        bar = "█" * max(1, round(_WIDTH * count / most))
        shown.append(("parts", f"{n:>2} {word} {count:>{wide},} {bar} {plan.costs[n]:,} credits"))
    return shown


def _balance(plan: Plan, balance: Balance) -> str:
    if balance.credits is None:
        return f"not known: {balance.why}"
    left = balance.credits - plan.cost
    if left < 0:
        return click.style(f"{balance.credits:,} credits: {-left:,} too few", fg="red")
    return f"{balance.credits:,} credits"


def _time(plan: Plan, limits: Limits) -> str:
    if plan.seconds is None:
        return f"as fast as {limits.concurrency} at once go"
    ends = "" if plan.ends is None else f", until {_moment(plan.ends)} if begun now"
    return f"{duration(plan.seconds)} at {limits.rate:g} a second{ends if plan.quiet or plan.seconds > _LONG else ''}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M %Z")


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
