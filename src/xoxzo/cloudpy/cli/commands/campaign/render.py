"""Show plans and results of campaigns: as text, or as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import click
from msgspec.structs import asdict

from xoxzo.cloudpy.campaigns import Limits, Plan, Reason, Result, Schedule, State, Tally
from xoxzo.cloudpy.cli.commands.campaign.options import in_command
from xoxzo.cloudpy.cli.core.exit_codes import MAY_BE_SENT, REJECTED
from xoxzo.cloudpy.cli.core.i18n import N_, _, ngettext
from xoxzo.cloudpy.cli.core.output.terminal import pad, visible, width
from xoxzo.cloudpy.cli.core.output.values import format_credits, format_value, to_json

_TITLE = 12
_WIDTH = 24
_WORD = 13
_LONG = 600.0
_NEVER = 2e11
_STATES = (
    *(N_("created"), N_("running"), N_("cut off"), N_("paused"), N_("stopped"), N_("finished"), N_("cancelled")),
    *(N_("expired"), N_("purged")),
)
"""The states of a campaign; listed for the catalogue."""
ENDED = frozenset({"finished", "purged", "cancelled", "expired"})
"""The states in which it cannot go on."""
_KINDS = {
    "text": N_("delimited text"),
    "workbook": N_("workbook"),
    "json": N_("JSON lines"),
    "rows": N_("rows of a program"),
}
"""How an input can be read."""
_DELIMITERS = {"\t": N_("tab"), ",": N_("comma"), ";": N_("semicolon"), "|": N_("bar")}
COUNTERS = {
    State.DELIVERED: N_("delivered"),
    State.SENT: N_("sent"),
    State.FAILED: N_("failed"),
    State.REJECTED: N_("rejected"),
    State.SKIPPED: N_("skipped"),
    State.UNKNOWN: N_("unknown"),
    State.ASSUMED: N_("assumed"),
    State.WAITING: N_("not sent yet"),
}
"""The labels of the counts, in display order."""

_LAST = frozenset(
    ("suppressed", "contacted", "opted_out", "split", "others", "assumptions", "input", "notes", "columns")
)
"""The fields of a plan that stand last in JSON."""


class Balance(NamedTuple):
    """The account's balance, or why it is not known."""

    credits: Decimal | None
    why: str = ""


def show_plan(plan: Plan, limits: Limits, balance: Balance, *, machine: bool) -> None:
    """Show a plan on standard output."""
    if machine:
        fields = {name: getattr(plan, name) for name in sorted(plan.__struct_fields__, key=_LAST.__contains__)}
        left_out = [{**asdict(one), "reason": str(one.reason)} for one in plan.left_out]
        opted_out = [{**asdict(one), "since": moment(one.since)} for one in plan.opted_out]
        fields |= {"begins": moment(plan.begins), "ends": moment(plan.ends), "notes": list(map(str, plan.notes))}
        fields |= {"schedule": plan.schedule and asdict(plan.schedule), "left_out": left_out, "opted_out": opted_out}
        write_json(event="plan", **fields, balance=balance.credits, balance_unknown=balance.why)
        return
    count = f"{plan.unpriced:,}"
    unpriced = _(", and {count} without a known price (--price)", count=count) if plan.unpriced else ""
    lines = [
        (_("recipients"), f"{plan.recipients:,}"),
        (_("read as"), _input(plan)),
        *((_("note"), note.render(_)) for note in plan.notes),
        (_("numbers"), _numbers(plan)),
        *((_("columns"), f"{{{name}}} ← {column}") for name, column in plan.columns.items() if name != "number"),
        *((_("parts"), line) for line in _parts(plan)),
        (_("cost"), _("about {cost}", cost=format_credits(plan.cost)) + unpriced),
        (_("balance"), _balance(plan, balance)),
        (_("time"), _time(plan, limits)),
        (_("hours"), _("at any time") if plan.schedule is None else describe_schedule(plan.schedule)),
        *((_("left out"), line) for line in _left_out(plan)),
        *(
            (_("assumptions"), _("{count} times: {assumption}", count=f"{count:,}", assumption=_(assumption)))
            for assumption, count in plan.assumptions.items()
        ),
    ]
    if limits.max_cost is not None:
        lines.append((_("at most"), format_credits(limits.max_cost)))
    if limits.expires is not None:
        lines.append((_("expires"), local_time(limits.expires)))
    lines += [(_("sample"), f"{number}  {text}") for number, text in plan.samples]
    before = ""
    widest = max(_TITLE, *(width(title) for title, _value in lines))
    for title, value in lines:
        red = title == _("balance") and balance.credits is not None and balance.credits < plan.cost
        text = click.style(visible(value, lines=True), fg="red" if red else None)
        click.echo(f"{click.style(pad('' if title == before else title, widest), dim=True)} {text}")
        before = title


def _input(plan: Plan) -> str:
    """Return how the input was read, in one line."""
    given = plan.input
    parts = [_(_KINDS[str(given["kind"])])] if given["kind"] else []
    if given["encoding"]:
        parts.append(str(given["encoding"]))
    if given["delimiter"]:
        shown = _(_DELIMITERS.get(str(given["delimiter"]), str(given["delimiter"])))
        parts.append(_("delimiter: {delimiter}", delimiter=shown))
    if given["sheet"]:
        parts.append(_("sheet {sheet}", sheet=given["sheet"]))
    if given["header_row"]:
        parts.append(_("header in line {line}", line=given["header_row"]))
    elif given["kind"] in {"text", "workbook"}:
        parts.append(_("without a header"))
    return _(", ").join(parts)


def _numbers(plan: Plan) -> str:
    where = {"column": plan.columns.get("number", ""), "country": plan.input["country"]}
    share = f"{100 * plan.numbers // plan.rows if plan.rows else 0} %"
    sentence = _("column {column}, country {country}: {numbers} of {rows} cells are phone numbers ({share})")
    return sentence.format(**where, numbers=f"{plan.numbers:,}", rows=f"{plan.rows:,}", share=share)


def _left_out(plan: Plan) -> list[str]:
    shown = []
    for one in plan.left_out:
        lines = _(", ").join(map(str, one.lines)) + (" …" if one.count > len(one.lines) else "")
        rows = ngettext("{count} row, line {lines}", "{count} rows, lines {lines}", one.count, lines=lines)
        shown.append(f"{rows}: {one.column} {one.reason.render(_)}")
    if plan.split:
        shown.append(_("{count} are in the other parts of {split}", count=f"{plan.others:,}", split=plan.split))
    others = plan.bad + plan.repeated - sum(one.count for one in plan.left_out)
    if others:
        shown.append(ngettext("{count} row for other reasons", "{count} rows for other reasons", others))
    if count := plan.suppressed:
        shown.append(ngettext("{count} is on the opt-out list", "{count} are on the opt-out list", count))
    if count := plan.contacted:
        shown.append(ngettext("{count} was contacted lately", "{count} were contacted lately", count))
    for person in plan.opted_out:
        since = local_time(person.since)
        line = _("line {line}: {number} since {time}", line=person.line, number=person.number, time=since)
        shown.append(f"  {line}" + (f" ({person.source})" if person.source else ""))
    return shown + ["  …"] * (plan.suppressed > len(plan.opted_out))


def _parts(plan: Plan) -> list[str]:
    if not any(plan.parts):
        return [_("calls")]
    if len(plan.parts) == 1:
        [n] = plan.parts
        return [ngettext("{n} part each", "{n} parts each", n, n=n)]
    most, wide = max(plan.parts.values()), len(f"{max(plan.parts.values()):,}")
    shown = []
    for n, count in sorted(plan.parts.items()):
        parts = ngettext("{n} part ", "{n} parts", n, n=f"{n:>2}")
        bar = "█" * max(1, round(_WIDTH * count / most))
        shown.append(f"{parts} {count:>{wide},} {bar} {format_credits(plan.costs[n])}")
    return shown


def _balance(plan: Plan, balance: Balance) -> str:
    if balance.credits is None:
        return _("not known: {why}", why=balance.why)
    left = balance.credits - plan.cost
    if left < 0:
        return _("{credits}: {missing} too few", credits=format_credits(balance.credits), missing=format_value(-left))
    return format_credits(balance.credits)


def _time(plan: Plan, limits: Limits) -> str:
    if plan.seconds is None:
        return _("no rate limit, {count} messages at once", count=limits.concurrency)
    takes = _("{time} at {rate} a second", time=duration(plan.seconds), rate=f"{limits.rate:g}")
    if plan.ends is None or not (plan.schedule or plan.seconds > _LONG):
        return takes
    end = local_time(plan.ends)
    if plan.begins is not None:
        return takes + _(", from {begin} to {end}", begin=local_time(plan.begins), end=end)
    return takes + _(", until {time} if begun now", time=end)


def describe_schedule(schedule: Schedule) -> str:
    """Return in words when messages may be sent."""
    at = schedule.at and _("from {time} on", time=schedule.at)
    quiet = schedule.quiet and _("not {hours}", hours=schedule.quiet)
    hours = _(", ").join(filter(None, (at, schedule.windows, quiet)))
    return hours if schedule.is_fixed else _("{hours}, by each recipient's clock", hours=hours)


def local_time(seconds: float) -> str:
    """Return a time for people, in this machine's time zone; `seconds` are since 1970. What never comes is a dash."""
    return "—" if seconds >= _NEVER else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def moment(seconds: float | None) -> datetime | None:
    """Return a time for JSON, where it stands as ISO 8601 in UTC; ``None`` for 0, which stands for no time."""
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < _NEVER else None


def write_json(**fields: object) -> None:
    """Write one JSON object as a line; credits are numbers, and times ISO 8601 in UTC."""
    click.echo(to_json(fields))


def show_change(sentence: str, *, machine: bool, **fields: object) -> None:
    """Show what a command has changed: one JSON object, or a sentence on standard error."""
    if machine:
        write_json(**fields)
    else:
        click.echo(sentence, err=True)


def show_result(name: str, result: Result, *, machine: bool, asks: bool = False) -> None:
    """Show the result of a run, and how to go on, unless a question follows."""
    if machine:
        totals = tally_fields(result.tally)
        write_json(event="result", name=name, **totals, state=result.state, reason=str(result.reason))
        return
    click.echo(state_line(name, result.state, result.reason))
    show_tally(result.tally)
    if result.unknown:
        sentence = _("{count} may have been sent; this could not be verified: xoxzo campaign unknown {name}")
        click.echo(sentence.format(count=f"{result.unknown:,}", name=in_command(name)), err=True)
    elif result.state in {"paused", "stopped"} and not asks:
        show_continue(name)
    elif result.state == "finished" and result.tally[State.SENT]:
        line = _("To see later what was delivered: xoxzo campaign settle {name} --statuses", name=in_command(name))
        click.echo(line, err=True)


def show_continue(name: str) -> None:
    """Show the command that continues a campaign."""
    click.echo(_("Continue with: xoxzo campaign resume {name}", name=in_command(name)), err=True)


def state_line(name: str, state: str, why: Reason) -> str:
    """Return a line with a campaign's state, and the reason."""
    return f"{name} {_(state)}" + (f": {visible(why.render(_))}" if why else "")


def show_tally(tally: Tally) -> None:
    """Show the totals on standard output."""
    counts = [(_(word), tally[state]) for state, word in COUNTERS.items()]
    for word, count in [*counts, (_("in flight"), tally.in_flight)]:
        if count:
            click.echo(f"  {pad(word, _WORD)}{count:>10,}")
    if tally.known_charge is None:
        cost = _("not known yet; about {cost} estimated", cost=format_credits(tally.reserved))
    else:
        # In the column of the counts, so the number stands alone.
        charged, reserved = f"{format_value(tally.known_charge):>10}", format_value(tally.reserved)
        if tally.is_settled and tally.charged == tally.reserved:
            cost = _("{charged} credits charged", charged=charged)
        else:
            cost = _("{charged} credits charged so far, {reserved} estimated", charged=charged, reserved=reserved)
    click.echo(f"  {pad(_('cost'), _WORD)}{cost}")


def exit_unless_done(result: Result) -> None:
    """Exit with the status of a run, unless everything was sent."""
    if result.unknown:
        raise click.exceptions.Exit(MAY_BE_SENT)
    if result.state != "finished" or result.tally[State.REJECTED]:
        raise click.exceptions.Exit(REJECTED)


def duration(seconds: float) -> str:
    """Return a duration as text."""
    if seconds < 100:
        return _("{count} s", count=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 100:
        return _("{count} min", count=minutes)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02}")


def tally_fields(tally: Tally) -> dict[str, Any]:
    """Return the totals as fields of JSON."""
    counts = {state.name.lower(): tally[state] for state in State}
    money = {"reserved": tally.reserved, "charged": tally.known_charge}
    return {"total": tally.total, "in_flight": tally.in_flight, **counts, **money}
