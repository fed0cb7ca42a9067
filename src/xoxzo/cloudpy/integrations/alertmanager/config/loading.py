"""Load and check the settings file (TOML). Every error names the place in the file."""

from __future__ import annotations

import os
import re
import tomllib
from contextlib import suppress
from decimal import Decimal
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from xoxzo.cloudpy import phone
from xoxzo.cloudpy.common.hosts import is_this_machine
from xoxzo.cloudpy.common.locale import N_
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.config.settings import Method, Route, Settings, SpendLimit
from xoxzo.cloudpy.integrations.alertmanager.config.toml_values import convert
from xoxzo.cloudpy.integrations.alertmanager.message_text import check_template
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.text import estimate

_PERSON_NAME = re.compile(r"[A-Za-z0-9_]{1,32}")
_LISTEN = re.compile(r"(?P<host>[^:]+|\[[^\]]+\]):(?P<port>[0-9]{1,5})")


def example(language: str) -> str:
    """Return the example settings file, in ``en`` or ``ja``. The tests load it."""
    return Path(__file__).with_name(f"example.{language}.toml").read_text("utf-8")


def load(path: str | os.PathLike[str], *, test_numbers: bool = False) -> Settings:
    """Load and check a settings file; `test_numbers` accepts the simulator's numbers with fixed outcomes.

    A `ConfigurationError` about a value has an `InvalidArgument` of `parse` as its cause, and the line in ``path``.
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
    """Return the line at which a value such as ``lists.oncall.steps[1].wait`` is complete; else that of its table."""
    parts = re.findall(r"\[[0-9]+\]|[^.\[\]]+", field)
    keys: list[Any] = [int(part[1:-1]) - 1 if part.startswith("[") else part for part in parts]
    lines = text.splitlines()
    while keys:
        for number in range(1, len(lines) + 1):
            # The first beginning of the file that has the value; within a list, the list is closed after the line.
            begun = "\n".join(lines[:number])
            for whole in (begun, begun + "\n]"):
                with suppress(tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
                    reduce(getitem, keys, tomllib.loads(whole))
                    return number
        keys.pop()
    return None


def parse(values: dict[str, Any], *, test_numbers: bool = False) -> Settings:
    """Check the values of a settings file; raise `InvalidArgument`, whose ``field`` is the path of a value in it."""
    settings = convert(values, Settings)
    for name, person in settings.people.items():
        if not _PERSON_NAME.fullmatch(name):
            raise InvalidArgument(f"people.{name}", "must be letters, digits and _, at most 32")
        try:
            parsed = phone.parse(person.number, test_numbers=test_numbers)
        except InvalidArgument as error:
            raise InvalidArgument(f"people.{name}", error.template, error.fields) from None
        if parsed.assumptions:
            raise InvalidArgument(f"people.{name}", "must be written with + and its country code, or as within Japan")
        settings.people[name] = replace(person, number=parsed.e164)
    _check_lists(settings)
    _check_addresses(settings)
    _check_texts(settings)
    for name, policy in settings.policies.items():
        quiet = policy.quiet or settings.quiet
        settings.policies[name] = replace(policy, quiet=quiet if quiet and quiet.hours else None)
    default = next(iter(settings.policies))
    return replace(
        settings,
        routes=settings.routes or (Route(policy=default),),
        public_url=settings.public_url.rstrip("/"),
        spend_limit=_checked_limit(settings),
    )


def address(text: str, field: str = "listen") -> tuple[str, int]:
    """Parse a host and a port, such as ``127.0.0.1:9095`` or ``[::1]:9095``; an `InvalidArgument` names the `field`."""
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise InvalidArgument(field, "must be an address and a port, for instance 127.0.0.1:9095")
    return match["host"].strip("[]"), int(match["port"])


def _check_lists(settings: Settings) -> None:
    """Check the names of people and lists where they are used."""
    if not settings.policies:
        raise InvalidArgument("lists", "must have at least one list, for instance [lists.oncall]")
    if not settings.routes and len(settings.policies) > 1:
        raise InvalidArgument("routes", "must define which alerts use which list")
    for name, policy in settings.policies.items():
        for number, step in enumerate(policy.steps, 1):
            for person in step.to:
                if person not in settings.people:
                    place = f"lists.{name}.steps[{number}].to"
                    raise InvalidArgument(place, "names {name}, who is not among [people]", name=person)
    routes: dict[str, Route] = {f"routes[{number}]": route for number, route in enumerate(settings.routes, 1)}
    for place, route in (routes | {f"heartbeats.{name}": one for name, one in settings.heartbeats.items()}).items():
        if route.policy not in settings.policies:
            raise InvalidArgument(f"{place}.list", "names {plan}, which is not among [lists]", plan=route.policy)


def _check_addresses(settings: Settings) -> None:
    if url := settings.public_url:
        secure = url.startswith("https://") or is_this_machine(urlsplit(checks.url("public_url", url)).hostname or "")
        if not secure or "?" in url or "#" in url:
            raise InvalidArgument("public_url", "must begin with https://, and have no query and no fragment")
    dial_in = settings.dial_in
    if dial_in and not (settings.public_url and dial_in.isascii() and dial_in.isdigit()):
        raise InvalidArgument("dial_in", "must be a number of yours in digits, and needs public_url")
    if settings.sender:
        checks.sender(settings.sender)
    elif _uses(settings, "sms") or _any_resolved(settings):
        raise InvalidArgument("sender", "must be given")
    if settings.caller:
        if (objection := phone.caller_error(settings.caller)) is not None:
            raise InvalidArgument("caller", objection)
    elif _uses(settings, "call"):
        raise InvalidArgument("caller", "must be given")
    address(settings.listen)


def _uses(settings: Settings, method: Method) -> bool:
    return any(step.method == method for policy in settings.policies.values() for step in policy.steps)


def _any_resolved(settings: Settings) -> bool:
    return any(policy.resolved for policy in settings.policies.values())


def _check_texts(settings: Settings) -> None:
    texts = settings.texts
    given = {"sms": texts.sms, "call": texts.call, "resolved": texts.resolved}
    for name, template in (("sms_template", texts.sms_template), ("resolved_template", texts.resolved_template)):
        if template is not None:
            given |= {f"{name}.variables.{variable}": text for variable, text in template.variables.items()}
    for name, text in given.items():
        if text is not None:
            check_template(f"texts.{name}", text, settings)
    if _any_resolved(settings) and (texts.sms_template is None) != (texts.resolved_template is None):
        raise InvalidArgument("texts.sms_template", "and resolved_template must be given together")


def _checked_limit(settings: Settings) -> SpendLimit:
    """Return the limit with its default. A step must fit into it, or it would wait forever."""
    limit = settings.spend_limit
    most_people = max(len(policy.people) for policy in settings.policies.values())
    messages = limit.messages or max(60, most_people)
    _require_at_least("messages", messages, most_people)
    if limit.credits is not None:
        if limit.call_price is None and _uses(settings, "call"):
            raise InvalidArgument("spend_limit.call_price", "must be given along with credits")
        highest_cost = limit.call_price or Decimal(0)
        for name, person in settings.people.items():
            price = estimate("a", person.country or "ZZ", price=limit.sms_price).price
            if price is None:
                rule = N_("must be given along with credits: no price is published for where {name} is")
                raise InvalidArgument("spend_limit.sms_price", rule, name=name)
            highest_cost = max(highest_cost, price * settings.texts.max_parts)
        _require_at_least("credits", limit.credits, highest_cost * most_people)
    return replace(limit, messages=messages)


def _require_at_least(name: str, value: Decimal | int, minimum: Decimal | int) -> None:
    if value < minimum:
        rule = N_("must be at least {least}, or not all people of a list could be notified")
        raise InvalidArgument(f"spend_limit.{name}", rule, least=minimum)
