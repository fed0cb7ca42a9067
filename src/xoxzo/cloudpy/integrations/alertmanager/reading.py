"""From the TOML file to checked settings; each objection names the place in the file."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from xoxzo.cloudpy import phone
from xoxzo.cloudpy.campaigns.quiet_hours import QuietHours
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager import wording
from xoxzo.cloudpy.integrations.alertmanager.settings import (
    Brake,
    Person,
    Plan,
    Quiet,
    Route,
    Settings,
    Step,
    TemplateText,
    Texts,
)
from xoxzo.cloudpy.integrations.alertmanager.table import Table
from xoxzo.cloudpy.text import estimate

if TYPE_CHECKING:
    import os

    from xoxzo.cloudpy.integrations.alertmanager.settings import Method

_SENDER = re.compile(r"[A-Za-z0-9]{1,10}|[0-9]{1,15}")
_LISTEN = re.compile(r"(?P<host>[^:]+|\[[^\]]+\]):(?P<port>[0-9]{1,5})")
_WAITS = {"sms": 300.0, "call": 120.0}
_REPEATS = {"sms": 0, "call": 2}


def load(path: str | os.PathLike[str]) -> Settings:
    """Read and check a file of settings.

    Raises:
        ConfigurationError: the file cannot be read, is no TOML, or says something that cannot be; every objection
            begins with the place in the file.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path of any kind
            given = tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: this is no TOML: {error}") from None
    try:
        return understand(given)
    except InvalidArgument as error:
        raise ConfigurationError(f"{path}: {error.field} {error.reason}") from None


def understand(given: dict[str, Any]) -> Settings:
    """Check what a file says.

    Raises:
        InvalidArgument: it says something that cannot be; ``field`` is the place.
    """
    top = Table("", given)
    language: Literal["en", "ja"] = "ja" if top.choice("language", ("en", "ja"), "en") == "ja" else "en"
    people = {name: _person(name, top.table("people")) for name in top.table("people").names()}
    quiet = _quiet(top.table("quiet")) if "quiet" in given else None
    lists = top.table("lists")
    plans = {name: _plan(name, lists.table(name), people, quiet) for name in lists.names()}
    _need(bool(plans), "lists", "must have at least one list, for instance [lists.oncall]")
    routes = tuple(_route(table, plans) for table in top.tables("routes"))
    if not routes and len(plans) == 1:
        routes = (Route(plan=next(iter(plans))),)
    _need(bool(routes), "routes", "must say which alerts take which list")
    texts = _texts(top.table("texts"), language, resolves=any(plan.resolved for plan in plans.values()))
    settings = Settings(
        sender=_sender(top, plans),
        caller=_caller(top, plans),
        language=language,
        people=people,
        plans=plans,
        routes=routes,
        texts=texts,
        brake=_brake(top.table("brake"), plans, people, texts.max_parts),
        severity_label=top.text("severity_label", "severity"),
        talk=top.seconds("talk", 0.0),
        listen=address(top.text("listen", "127.0.0.1:9095")),
        state=top.text("state", "") or None,
    )
    top.done()
    return settings


def _person(name: str, people: Table) -> Person:
    _need(
        bool(re.fullmatch(r"[A-Za-z0-9_]{1,32}", name)), f"people.{name}", "must be letters, digits and _, at most 32"
    )
    place, table = people.place(name), people.text_or_table(name, "number")
    number = table.text("number")
    try:
        read = phone.parse(number)
    except InvalidArgument as error:
        raise InvalidArgument(place, error.reason) from None
    _need(not read.doubts, place, "must be written with + and its country code, or as at home in Japan")
    zone = table.text("zone", "") or None
    if zone is not None:
        _quiet_hours(table.place("zone"), "00:00-01:00", zone)
    table.done()
    return Person(name=name, number=read.e164, country=read.country, zone=zone)


def _quiet_hours(place: str, hours: str, zone: str) -> QuietHours:
    try:
        return QuietHours(hours, zone)
    except InvalidArgument as error:
        raise InvalidArgument(place, error.reason) from None


def _quiet(table: Table) -> Quiet:
    hours = _quiet_hours(table.place("hours"), table.text("hours"), table.text("zone", "Asia/Tokyo"))
    found = Quiet(hours=hours, break_through=frozenset(table.texts("break_through", ())))
    table.done()
    return found


def _plan(name: str, table: Table, people: dict[str, Person], quiet: Quiet | None) -> Plan:
    steps = tuple(_step(one, people) for one in table.tables("steps"))
    _need(bool(steps), table.place("steps"), "must have at least one step")
    own = table.get("quiet")
    found = Plan(
        name=name,
        steps=steps,
        rounds=table.number("rounds", 1, least=1, most=100),
        resolved=table.flag("resolved", default=False),
        quiet=None if own is False else _quiet(table.table("quiet")) if own is not None else quiet,
    )
    table.done()
    return found


def _step(table: Table, people: dict[str, Person]) -> Step:
    to = table.texts("to")
    _need(bool(to) and len(set(to)) == len(to), table.place("to"), "must name people, each once")
    for name in to:
        _need(name in people, table.place("to"), f"names {name}, who is not among [people]")
    method: Method = "call" if table.choice("method", ("sms", "call")) == "call" else "sms"
    step = Step(
        to=to,
        method=method,
        wait=table.seconds("wait", _WAITS[method]),
        repeats=table.number("repeats", _REPEATS[method], least=0, most=100),
    )
    table.done()
    return step


def _route(table: Table, plans: dict[str, Plan]) -> Route:
    match = table.table("match")
    route = Route(plan=table.text("list"), match={label: match.texts(label) for label in match.names()})
    _need(route.plan in plans, table.place("list"), f"names {route.plan}, which is not among [lists]")
    table.done()
    return route


def _sender(top: Table, plans: dict[str, Plan]) -> str:
    needed = any(step.method == "sms" for plan in plans.values() for step in plan.steps) or any(
        plan.resolved for plan in plans.values()
    )
    sender = top.text("sender") if needed else top.text("sender", "")
    _need(
        not sender or bool(_SENDER.fullmatch(sender)), "sender", "must be at most 10 letters and digits, or 15 digits"
    )
    return sender


def _caller(top: Table, plans: dict[str, Plan]) -> str:
    needed = any(step.method == "call" for plan in plans.values() for step in plan.steps)
    caller = top.text("caller") if needed else top.text("caller", "")
    objection = phone.objection_to_caller(caller) if caller else None
    _need(objection is None, "caller", objection or "")
    return caller


def _texts(table: Table, language: str, *, resolves: bool) -> Texts:
    def text(name: str, default: dict[str, str]) -> str:
        return wording.check(table.place(name), table.text(name, default[language]))

    texts = Texts(
        sms=text("sms", wording.SMS),
        call=text("call", wording.CALL),
        resolved=text("resolved", wording.RESOLVED),
        max_parts=table.number("max_parts", 2, least=1, most=10),
        sms_template=_template(table, "sms_template"),
        resolved_template=_template(table, "resolved_template"),
    )
    paired = (texts.sms_template is None) == (texts.resolved_template is None)
    _need(paired or not resolves, table.place("sms_template"), "and resolved_template must be given together")
    table.done()
    return texts


def _template(texts: Table, name: str) -> TemplateText | None:
    if texts.get(name) is None:
        return None
    table = texts.table(name)
    ident, variables = table.number("id", 0, least=1, most=2**31), table.table("variables")
    _need(ident > 0, table.place("id"), "must be given: the template's number")
    filled = {one: wording.check(variables.place(one), variables.text(one)) for one in variables.names()}
    table.done()
    return TemplateText(ident=ident, variables=filled)


def _brake(table: Table, plans: dict[str, Plan], people: dict[str, Person], parts: int) -> Brake:
    sms_price, call_price = table.amount("sms_price"), table.amount("call_price")
    limit = table.amount("credits")
    # Whatever may go out at once must fit into an hour, or it would wait for ever.
    crowd = max(len(plan.people) for plan in plans.values())
    messages = table.number("messages", max(60, crowd), least=1, most=100_000)
    _need(messages >= crowd, table.place("messages"), f"must be at least {crowd}, or a whole list could never be told")
    if limit is not None:
        calls = any(step.method == "call" for plan in plans.values() for step in plan.steps)
        _need(not calls or call_price is not None, table.place("call_price"), "must be given along with credits")
        dearest = call_price or Decimal(0)
        for person in people.values():
            price = estimate("a", person.country or "ZZ", price=sms_price).price
            rule = f"must be given along with credits: no price is published for where {person.name} is"
            if price is None:
                raise InvalidArgument(table.place("sms_price"), rule)
            dearest = max(dearest, price * parts)
        least = dearest * crowd
        _need(limit >= least, table.place("credits"), f"must be at least {least}, or a whole list could never be told")
    table.done()
    return Brake(messages=messages, credits=limit, sms_price=sms_price, call_price=call_price or Decimal(0))


def address(text: str, field: str = "listen") -> tuple[str, int]:
    """Read a host and a port.

    Raises:
        InvalidArgument: they are none.
    """
    found = _LISTEN.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise InvalidArgument(field, "must be an address and a port, for instance 127.0.0.1:9095")
    return found["host"].strip("[]"), int(found["port"])


def _need(holds: bool, place: str, rule: str) -> None:
    if not holds:
        raise InvalidArgument(place, rule)
