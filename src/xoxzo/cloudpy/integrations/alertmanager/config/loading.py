"""Load and check the settings file (TOML). Every error names the place in the file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from xoxzo.cloudpy import phone
from xoxzo.cloudpy.campaigns.limits import Schedule
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager import message_text
from xoxzo.cloudpy.integrations.alertmanager.config.settings import (
    EscalationPolicy,
    Grafana,
    Heartbeat,
    Method,
    Person,
    Quiet,
    Route,
    Settings,
    SpendLimit,
    Step,
    TemplateText,
    Texts,
)
from xoxzo.cloudpy.integrations.alertmanager.config.toml_table import Table
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.text import estimate

_PERSON_NAME = re.compile(r"[A-Za-z0-9_]{1,32}")
_LISTEN = re.compile(r"(?P<host>[^:]+|\[[^\]]+\]):(?P<port>[0-9]{1,5})")
_MIN_HEARTBEAT_SECONDS = 60
_DEFAULT_WAIT_SECONDS = {"sms": 300.0, "call": 120.0}
_DEFAULT_REPEATS = {"sms": 0, "call": 2}


def example(language: str) -> str:
    """Return the example settings file, in ``en`` or ``ja``. The tests load it."""
    return Path(__file__).with_name(f"example.{language}.toml").read_text("utf-8")


def load(path: str | os.PathLike[str], *, test_numbers: bool = False) -> Settings:
    """Load and check a settings file.

    Args:
        path: the file.
        test_numbers: accept people who have one of the simulator's numbers with fixed outcomes.

    Raises:
        ConfigurationError: the file cannot be read, is not TOML, or has an invalid value; then the cause is the
            `InvalidArgument` of `parse`, and ``path`` has the line, too.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path of any kind
            text = file.read().decode("utf-8-sig")  # editors of Windows write a byte-order mark
        values = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError("{path}: {why}", path=path, why=error.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("{path}: this is not TOML: {why}", path=path, why=error) from None
    try:
        return parse(values, test_numbers=test_numbers)
    except InvalidArgument as error:
        number = line_number(text, error.field)
        place = f"{os.fspath(path)}:{number}" if number else os.fspath(path)
        raise ConfigurationError("{path}: {field} {why}", path=place, field=error.field, why=error.reason) from error


def line_number(text: str, field: str) -> int | None:
    """Return the number of the line at which a value of a TOML file is complete; else that of its table, or ``None``.

    The path of a value is such as ``lists.oncall.steps[1].wait``.
    """
    keys = [int(key[1:-1]) - 1 if key.startswith("[") else key for key in re.findall(r"\[[0-9]+\]|[^.\[\]]+", field)]
    lines = text.splitlines()
    while keys:
        for number in range(1, len(lines) + 1):
            # The first beginning of the file that has the value; within a list, the list is closed after the line.
            begun = "\n".join(lines[:number])
            if _has(begun, keys) or _has(begun + "\n]", keys):
                return number
        keys.pop()
    return None


def _has(text: str, keys: Sequence[str | int]) -> bool:
    try:
        value = tomllib.loads(text)
        for key in keys:
            value = value[key]  # type: ignore[index]  # what is no table raises
    except (tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
        return False
    return True


def parse(values: dict[str, Any], *, test_numbers: bool = False) -> Settings:
    """Check the values of a settings file; `test_numbers` is as for `load`.

    Raises:
        InvalidArgument: a value is invalid; ``field`` is its path in the file.
    """
    with Table("", values) as top:
        return _settings(top, test_numbers=test_numbers)


def _settings(top: Table, *, test_numbers: bool) -> Settings:
    language: Literal["en", "ja"] = top.choice("language", ("en", "ja"), "en")
    contacts = top.table("people")
    people = {name: _person(name, contacts, test_numbers=test_numbers) for name in contacts.names()}
    quiet = None if top.get("quiet") is None else _quiet(top.table("quiet"))
    lists = top.table("lists")
    policies = {name: _policy(name, lists.table(name), people, quiet) for name in lists.names()}
    if not policies:
        raise InvalidArgument("lists", "must have at least one list, for instance [lists.oncall]")
    routes = tuple(_route(table, policies) for table in top.tables("routes"))
    if not routes and len(policies) == 1:
        routes = (Route(policy=next(iter(policies))),)
    if not routes:
        raise InvalidArgument("routes", "must define which alerts use which list")
    public_url, dial_in = _public_url(top), top.text("dial_in", "")
    if dial_in and not (public_url and dial_in.isascii() and dial_in.isdigit()):
        raise InvalidArgument("dial_in", "must be a number of yours in digits, and needs public_url")
    texts = _texts(
        top.table("texts"),
        language,
        any_resolved=any(policy.resolved for policy in policies.values()),
        available={"link": bool(public_url), "dial_in": bool(dial_in)},
    )
    heartbeats = top.table("heartbeats")
    return Settings(
        sender=_sender(top, policies),
        caller=_caller(top, policies),
        language=language,
        people=people,
        policies=policies,
        routes=routes,
        texts=texts,
        spend_limit=_spend_limit(top.table("spend_limit"), policies, people, texts.max_parts),
        severity_label=top.text("severity_label", "severity"),
        talk=top.seconds("talk", 0.0),
        listen=address(top.text("listen", "127.0.0.1:9095")),
        state=top.text("state", "") or None,
        public_url=public_url,
        dial_in=dial_in,
        heartbeats={name: _heartbeat(name, heartbeats.table(name), policies) for name in heartbeats.names()},
        grafana=_grafana(top.table("grafana")),
    )


def address(text: str, field: str = "listen") -> tuple[str, int]:
    """Parse a host and a port, such as ``127.0.0.1:9095`` or ``[::1]:9095``; the error names the `field`.

    Raises:
        InvalidArgument: it is not a host and a port.
    """
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise InvalidArgument(field, "must be an address and a port, for instance 127.0.0.1:9095")
    return match["host"].strip("[]"), int(match["port"])


def _person(name: str, people: Table, *, test_numbers: bool) -> Person:
    if not _PERSON_NAME.fullmatch(name):
        raise InvalidArgument(f"people.{name}", "must be letters, digits and _, at most 32")
    path = people.path(name)
    with people.text_or_table(name, "number") as table:
        number, zone = table.text("number"), table.text("zone", "") or None
        with _at(path):
            parsed = phone.parse(number, test_numbers=test_numbers)
        if parsed.assumptions:
            raise InvalidArgument(path, "must be written with + and its country code, or as within Japan")
        if zone is not None:
            with _at(table.path("zone")):
                # Only to check the zone.
                Schedule(quiet="00:00-01:00", zone=zone)
        return Person(name=name, number=parsed.e164, country=parsed.country, zone=zone)


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Name the place in the file in what is raised."""
    try:
        yield
    except InvalidArgument as error:
        raise InvalidArgument(path, error.template, error.fields) from None


def _quiet(table: Table) -> Quiet:
    with table:
        hours, zone = table.text("hours"), table.text("zone", "Asia/Tokyo")
        break_through = frozenset(table.texts("break_through", ()))
    with _at(table.path("hours")):
        return Quiet(hours=Schedule(quiet=hours, zone=zone), break_through=break_through)


def _policy(name: str, table: Table, people: dict[str, Person], default_quiet: Quiet | None) -> EscalationPolicy:
    with table:
        steps = tuple(_step(step, people) for step in table.tables("steps"))
        if not steps:
            raise InvalidArgument(table.path("steps"), "must have at least one step")
        own = table.get("quiet")
        return EscalationPolicy(
            name=name,
            steps=steps,
            rounds=table.number("rounds", 1, minimum=1, maximum=100),
            resolved=table.flag("resolved"),
            quiet=None if own is False else default_quiet if own is None else _quiet(table.table("quiet")),
        )


def _step(table: Table, people: dict[str, Person]) -> Step:
    with table:
        to = table.texts("to")
        if not to or len(set(to)) != len(to):
            raise InvalidArgument(table.path("to"), "must name people, each once")
        for name in to:
            if name not in people:
                raise InvalidArgument(table.path("to"), "names {name}, who is not among [people]", name=name)
        method: Method = table.choice("method", ("sms", "call"))
        wait = table.seconds("wait", _DEFAULT_WAIT_SECONDS[method])
        repeats = table.number("repeats", _DEFAULT_REPEATS[method], minimum=0, maximum=100)
        return Step(to=to, method=method, wait=wait, repeats=repeats)


def _route(table: Table, policies: dict[str, EscalationPolicy]) -> Route:
    with table:
        return Route(policy=_list(table, policies), match=_match(table.table("match")))


def _list(table: Table, policies: dict[str, EscalationPolicy]) -> str:
    name = table.text("list")
    if name not in policies:
        raise InvalidArgument(table.path("list"), "names {plan}, which is not among [lists]", plan=name)
    return name


def _match(table: Table) -> dict[str, tuple[str, ...]]:
    return {label: table.texts(label) for label in table.names()}


def _heartbeat(name: str, table: Table, policies: dict[str, EscalationPolicy]) -> Heartbeat:
    with table:
        timeout, match = table.seconds("timeout", 600.0), _match(table.table("match"))
        if timeout < _MIN_HEARTBEAT_SECONDS:
            raise InvalidArgument(table.path("timeout"), "must be at least {least} s", least=_MIN_HEARTBEAT_SECONDS)
        return Heartbeat(name=name, policy=_list(table, policies), timeout=timeout, match=match)


def _grafana(table: Table) -> Grafana:
    with table:
        return Grafana(**{name: table.text(name, getattr(Grafana(), name)) for name in Grafana.__struct_fields__})


def _public_url(top: Table) -> str:
    url = top.text("public_url", "")
    if url:
        secure = url.startswith("https://") or is_this_machine(urlsplit(checks.url("public_url", url)).hostname or "")
        if not secure or "?" in url or "#" in url:
            raise InvalidArgument("public_url", "must begin with https://, and have no query and no fragment")
    return url.rstrip("/")


def _sender(top: Table, policies: dict[str, EscalationPolicy]) -> str:
    needed = _uses(policies, "sms") or any(policy.resolved for policy in policies.values())
    sender = top.text("sender") if needed else top.text("sender", "")
    return sender and checks.sender(sender)


def _caller(top: Table, policies: dict[str, EscalationPolicy]) -> str:
    caller = top.text("caller") if _uses(policies, "call") else top.text("caller", "")
    objection = phone.caller_error(caller) if caller else None
    if objection is not None:
        raise InvalidArgument("caller", objection)
    return caller


def _uses(policies: dict[str, EscalationPolicy], method: Method) -> bool:
    return any(step.method == method for policy in policies.values() for step in policy.steps)


def _texts(table: Table, language: str, *, any_resolved: bool, available: dict[str, bool]) -> Texts:
    missing = frozenset(name for name, is_available in available.items() if not is_available)

    def text(name: str, default: str) -> str:
        return message_text.check_template(table.path(name), table.text(name, default), missing)

    by_link = message_text.BY_LINK[language] if available["link"] else ""
    by_call = message_text.BY_CALL[language] if available["dial_in"] else ""
    with table:
        texts = Texts(
            sms=text("sms", message_text.SMS[language] + by_link + by_call),
            call=text("call", message_text.CALL[language]),
            resolved=text("resolved", message_text.RESOLVED[language]),
            max_parts=table.number("max_parts", 2, minimum=1, maximum=10),
            sms_template=_template(table, "sms_template", missing),
            resolved_template=_template(table, "resolved_template", missing),
        )
        if any_resolved and (texts.sms_template is None) != (texts.resolved_template is None):
            raise InvalidArgument(table.path("sms_template"), "and resolved_template must be given together")
        return texts


def _template(texts: Table, name: str, missing: frozenset[str]) -> TemplateText | None:
    if texts.get(name) is None:
        return None
    with texts.table(name) as table:
        ident, variables = table.number("id", None, minimum=1, maximum=2**31), table.table("variables")
        checked = {
            variable: message_text.check_template(variables.path(variable), variables.text(variable), missing)
            for variable in variables.names()
        }
        return TemplateText(ident=ident, variables=checked)


def _spend_limit(
    table: Table, policies: dict[str, EscalationPolicy], people: dict[str, Person], max_parts: int
) -> SpendLimit:
    # A step must fit into the limit, or it would wait forever.
    most_people = max(len(policy.people) for policy in policies.values())
    with table:
        sms_price, call_price, credit_limit = map(table.amount, ("sms_price", "call_price", "credits"))
        messages = table.number("messages", max(60, most_people), minimum=1, maximum=100_000)
    _require_at_least(table.path("messages"), messages, most_people)
    if credit_limit is not None:
        if call_price is None and _uses(policies, "call"):
            raise InvalidArgument(table.path("call_price"), "must be given along with credits")
        highest_cost = call_price or Decimal(0)
        for person in people.values():
            price = estimate("a", person.country or "ZZ", price=sms_price).price
            if price is None:
                raise InvalidArgument(
                    table.path("sms_price"),
                    "must be given along with credits: no price is published for where {name} is",
                    name=person.name,
                )
            highest_cost = max(highest_cost, price * max_parts)
        _require_at_least(table.path("credits"), credit_limit, highest_cost * most_people)
    return SpendLimit(messages=messages, credits=credit_limit, sms_price=sms_price, call_price=call_price or Decimal(0))


def _require_at_least(path: str, value: Decimal | int, minimum: Decimal | int) -> None:
    if value < minimum:
        raise InvalidArgument(
            path, "must be at least {least}, or not all people of a list could be notified", least=minimum
        )
