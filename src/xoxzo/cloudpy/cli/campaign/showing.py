"""How plans and results of campaigns are shown: to people, and to programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.cli.output import for_people
from xoxzo.cloudpy.cli.widths import pad
from xoxzo.cloudpy.cli.words import plural, reason, tr

if TYPE_CHECKING:
    from decimal import Decimal

    from xoxzo.cloudpy.campaigns import Limits, Plan, Result, Tally

_TITLE = 12
_WIDTH = 24
_WORD = 13
_LONG = 600.0
FIGURES = {
    State.DELIVERED: "delivered",
    State.SENT: "sent",
    State.FAILED: "failed",
    State.REJECTED: "rejected",
    State.SKIPPED: "skipped",
    State.UNKNOWN: "unknown",
    State.ASSUMED: "assumed",
    State.WAITING: "not sent yet",
}
"""What the figures are called, in the order in which they are shown."""


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
    lines = [
        (tr("recipients"), f"{plan.recipients:,}"),
        (tr("read as"), plan.input),
        (tr("columns"), ", ".join(f"{name} ← {column}" for name, column in plan.columns.items())),
        *((tr("parts"), line) for line in _parts(plan)),
        (tr("cost"), _cost(plan)),
        (tr("balance"), _balance(plan, balance)),
        (tr("time"), _time(plan, limits)),
        (
            tr("quiet hours"),
            tr("{hours}, by each recipient's clock", hours=plan.quiet) if plan.quiet else tr("none"),
        ),
        *((tr("left out"), line) for line in _left_out(plan)),
        *(
            (tr("doubts"), tr("{count} times: {doubt}", count=f"{count:,}", doubt=tr(doubt)))
            for doubt, count in plan.doubts.items()
        ),
    ]
    if limits.max_cost is not None:
        lines.append((tr("at most"), tr("{cost} credits", cost=for_people(limits.max_cost))))
    if limits.expires is not None:
        lines.append((tr("expires"), _moment(limits.expires)))
    lines += [(tr("sample"), f"{number}  {text}") for number, text in plan.samples]
    before = ""
    for title, value in lines:
        click.echo(f"{click.style(pad('' if title == before else title, _TITLE), dim=True)} {value}")
        before = title


def _cost(plan: Plan) -> str:
    cost = tr("about {cost} credits", cost=for_people(plan.cost))
    if not plan.unpriced:
        return cost
    return cost + tr(", and {count} without a known price (--price)", count=f"{plan.unpriced:,}")


def _left_out(plan: Plan) -> list[str]:
    every = (
        (plan.bad, plural("{count} row cannot be sent to", "{count} rows cannot be sent to", plan.bad)),
        (plan.repeated, plural("{count} row repeats a number", "{count} rows repeat a number", plan.repeated)),
        (
            plan.suppressed,
            plural("{count} is on the suppression list", "{count} are on the suppression list", plan.suppressed),
        ),
    )
    return [words.format(count=f"{count:,}") for count, words in every if count]


def _parts(plan: Plan) -> list[str]:
    if not any(plan.parts):
        return [tr("calls")]
    if len(plan.parts) == 1:
        [n] = plan.parts
        return [plural("{n} part each", "{n} parts each", n).format(n=n)]
    most, wide = max(plan.parts.values()), len(f"{max(plan.parts.values()):,}")
    shown = []
    for n, count in sorted(plan.parts.items()):
        parts = plural("{n} part ", "{n} parts", n).format(n=f"{n:>2}")
        bar = "█" * max(1, round(_WIDTH * count / most))
        cost = tr("{cost} credits", cost=for_people(plan.costs[n]))
        shown.append(f"{parts} {count:>{wide},} {bar} {cost}")
    return shown


def _balance(plan: Plan, balance: Balance) -> str:
    if balance.credits is None:
        return tr("not known: {why}", why=reason(balance.why))
    left = balance.credits - plan.cost
    if left < 0:
        few = tr("{credits} credits: {missing} too few", credits=for_people(balance.credits), missing=for_people(-left))
        return click.style(few, fg="red")
    return tr("{cost} credits", cost=for_people(balance.credits))


def _time(plan: Plan, limits: Limits) -> str:
    if plan.seconds is None:
        return tr("as fast as {count} at once go", count=limits.concurrency)
    takes = tr("{time} at {rate} a second", time=duration(plan.seconds), rate=f"{limits.rate:g}")
    if plan.ends is None or not (plan.quiet or plan.seconds > _LONG):
        return takes
    return takes + tr(", until {time} if begun now", time=_moment(plan.ends))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def show_result(name: str, result: Result, *, machine: bool) -> None:
    """Say how a run ended."""
    if machine:
        click.echo(
            json.dumps({"event": "result", **facts(result.tally), "state": result.state, "reason": result.reason})
        )
        return
    click.echo(standing(name, result.state, result.reason))
    show_tally(result.tally)
    if result.unknown:
        count = f"{result.unknown:,}"
        said = tr(
            "{count} may have been sent, and nobody can tell: xoxzo campaign unknown {name}", count=count, name=name
        )
        click.echo(said, err=True)
    elif result.state != "finished":
        click.echo(tr("Go on with: xoxzo campaign resume {name}", name=name), err=True)


def standing(name: str, state: str, why: str) -> str:
    """Say where a campaign stands, and why."""
    return f"{name} {tr(state)}" + (f": {reason(why)}" if why else "")


def show_tally(tally: Tally) -> None:
    """Show the figures on standard output."""
    for state, word in FIGURES.items():
        if tally[state]:
            click.echo(f"  {pad(tr(word), _WORD)}{tally[state]:>10,}")
    charged, reserved = f"{for_people(tally.charged):>10}", for_people(tally.reserved)
    cost = tr("{charged} credits charged so far, {reserved} estimated", charged=charged, reserved=reserved)
    click.echo(f"  {pad(tr('cost'), _WORD)}{cost}")


def duration(seconds: float) -> str:
    """Say how long something takes, for people."""
    if seconds < 100:
        return tr("{count} s", count=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 100:
        return tr("{count} min", count=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02}")


def facts(tally: Tally) -> dict[str, Any]:
    """Return the figures as they stand in JSON."""
    counts = {state.name.lower(): tally[state] for state in State}
    money = {"reserved": str(tally.reserved), "charged": str(tally.charged)}
    return {"total": tally.total, "in_flight": tally.in_flight, **counts, **money}
