"""The settings file: valid values, and errors that name the place in the file."""

from __future__ import annotations

import copy
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alertmanager_simulation import FILE, settings

from xoxzo.cloudpy.cli.commands.alertmanager import preview
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument
from xoxzo.cloudpy.integrations.alertmanager.config.loading import example, line_number, load, parse


def changed(place: str, value: Any) -> dict[str, Any]:
    """Return the file of the tests with one value changed; numbers in the path count from 0."""
    file = copy.deepcopy(FILE)
    *path, last = place.split(".")
    at: Any = file
    for part in path:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    at[int(last) if isinstance(at, list) else last] = value
    return file


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_example(language: str, tmp_path: Path) -> None:
    """The example file can be loaded."""
    path = tmp_path / "oncall.toml"
    path.write_text(example(language), encoding="utf-8")
    found = load(path)
    assert found.people["tanaka"].number == "+818011110001"
    assert found.people["aisha"].country == "MY"
    assert [(step.method, step.wait, step.repeats) for step in found.policies["oncall"].steps] == [
        ("sms", 180, 0),
        ("call", 120, 2),
        ("call", 120, 2),
    ]
    assert found.policies["office"].quiet == found.policies["oncall"].quiet
    described = "\n".join(preview.describe(found))
    assert "warning" not in described
    assert "+81••••0001" in described
    assert "+818011110001" not in described


def test_defaults() -> None:
    """Missing values have defaults."""
    found = settings(routes=[], lists={"one": {"steps": [{"to": "tanaka", "method": "call"}], "quiet": False}})
    assert (found.listen, found.state, found.talk, found.severity_label) == ("127.0.0.1:9095", "", 0, "severity")
    assert [route.policy for route in found.routes] == ["one"]
    assert found.policies["one"].steps[0].repeats == 2
    assert found.spend_limit.messages == 60


def test_own_quiet_hours() -> None:
    """A list may have quiet hours of its own, or none."""
    step = {"steps": [{"to": "tanaka", "method": "sms"}]}
    lists = {"a": step, "b": {**step, "quiet": False}, "c": {**step, "quiet": {"hours": "01:00-02:00"}}}
    found = settings(lists=lists, routes=[{"list": "a"}], quiet={"hours": "22:00-07:00"})
    hours = {name: policy.quiet and policy.quiet.hours for name, policy in found.policies.items()}
    assert hours == {"a": "22:00-07:00", "b": None, "c": "01:00-02:00"}


@pytest.mark.parametrize(
    ("given", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), (0, 0), (7.5, 7.5), ("1h2m3s", 3723)]
)
def test_times(given: str | float, seconds: float) -> None:
    """A duration is a number of seconds, or has units as in Prometheus."""
    assert parse(changed("lists.oncall.steps.0.wait", given)).policies["oncall"].steps[0].wait == seconds


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("language", "fr", "language must be one of en, ja"),
        ("sender", "Too long a sender", "sender must be at most 10"),
        ("sender", None, "sender must be given"),
        ("caller", "abc", "caller "),
        ("caller", None, "caller must be given"),
        ("caller", "", "caller must be given"),
        ("people", "tanaka", "people must be a table"),
        ("people.a b", "+818011110009", "people.a b must be letters"),
        ("people.x", "12", "people.x "),
        ("people.x", "818011112222", "people.x must be written with +"),
        ("people.x", {"number": "+818011112222", "zone": "Mars/Base"}, "people.x.zone is not known"),
        ("people.x", {"number": "+818011112222", "zon": "Asia/Tokyo"}, "people.x.zon is not known here"),
        ("people.x", {"number": 818011112222}, "people.x.number must be a text"),
        ("lists", {}, "lists must have at least one list"),
        ("lists.oncall.steps", [], "lists.oncall.steps must have at least one step"),
        ("lists.oncall.steps", "sms", "lists.oncall.steps must be a list of tables"),
        ("lists.oncall.rounds", 0, "lists.oncall.rounds must be a whole number from 1 to 100"),
        ("lists.oncall.resolved", "yes", "lists.oncall.resolved must be true or false"),
        ("lists.oncall.steps.0.to", "nobody", "lists.oncall.steps[1].to names nobody"),
        ("lists.oncall.steps.0.to", [], "lists.oncall.steps[1].to must name people"),
        ("lists.oncall.steps.0.to", 5, "lists.oncall.steps[1].to must be a text or a list"),
        ("lists.oncall.steps.0.method", "fax", "lists.oncall.steps[1].method must be one of call, sms"),
        ("lists.oncall.steps.0.wait", "5 minutes", "lists.oncall.steps[1].wait must be seconds"),
        ("lists.oncall.steps.0.wait", -1, "lists.oncall.steps[1].wait must be seconds"),
        ("lists.oncall.steps.0.wait", "", "lists.oncall.steps[1].wait must be seconds"),
        ("lists.oncall.steps.0.wait", True, "lists.oncall.steps[1].wait must be seconds"),
        ("lists.oncall.steps.0.wait", 10**400, "lists.oncall.steps[1].wait must be seconds"),
        ("lists.oncall.steps.0", {"to": "tanaka"}, "lists.oncall.steps[1].method must be one of call, sms"),
        ("lists.oncall.steps.0", {"method": "sms"}, "lists.oncall.steps[1].to must be given"),
        ("lists.oncall.steps.0.wait", "200h", "lists.oncall.steps[1].wait must be seconds"),
        ("routes", [], "routes must define which alerts"),
        ("routes.0.list", "none", "routes[1].list names none"),
        ("quiet.hours", "22-7", "quiet.hours must be two times"),
        ("texts.sms", "{summry}", "texts.sms has no placeholder {summry}"),
        ("texts.sms", " ", "texts.sms must not be blank"),
        ("texts.max_parts", 11, "texts.max_parts must be a whole number"),
        ("texts.sms_template", 6, "texts.sms_template must be a table"),
        ("texts.sms_template", {"variables": {}}, "texts.sms_template.id must be a whole number"),
        ("texts.sms_template", {"id": 0}, "texts.sms_template.id must be a whole number"),
        (
            "texts.sms_template",
            {"id": 6, "variables": {"a": "{b}"}},
            "texts.sms_template.variables.a has no placeholder",
        ),
        ("texts.sms_template", {"id": 6}, "texts.sms_template and resolved_template must be given together"),
        ("spend_limit.messages", 2, "spend_limit.messages must be at least 3"),
        ("spend_limit.credits", float("inf"), "spend_limit.credits must be a number of credits"),
        ("spend_limit.credits", "many", "spend_limit.credits must be a number of credits"),
        ("spend_limit.credits", 100, "spend_limit.call_price must be given"),
        ("spend_limit", {"credits": 10, "call_price": 20}, "spend_limit.credits must be at least 60"),
        ("listen", "localhost", "listen must be an address and a port"),
        ("listen", "127.0.0.1:70000", "listen must be an address and a port"),
        ("colour", "red", "colour is not known here"),
        ("lists.oncall.steps.0.", 1, 'lists.oncall.steps[1]."" is not known here'),
        ("lists.", 1, 'lists."" must be a table'),
        ("x - at `$[0", "red", "x - at `$[0 is not known here"),
        ("lists.oncall.steps.1", "sms", "lists.oncall.steps[2] must be a table"),
        ("public_url", "http://on-call.example", "public_url must begin with https://"),
        ("public_url", "https://on-call.example?a=b", "public_url must begin with https://"),
        ("public_url", "on-call", "public_url "),
        ("dial_in", "815011112222", "dial_in must be a number of yours in digits, and needs public_url"),
        ("texts.sms", "{names} {link}", "texts.sms has {link}, which needs public_url"),
        ("texts.sms", "{names} {dial_in}", "texts.sms has {dial_in}, which needs dial_in"),
        ("heartbeats.a", {"list": "none"}, "heartbeats.a.list names none"),
        ("heartbeats.a", {"list": "oncall", "timeout": 5}, "heartbeats.a.timeout must be at least 60"),
        ("grafana.header", "X", "grafana.header is not known here"),
    ],
)
def test_invalid_values(place: str, value: Any, expected: str) -> None:
    """An invalid value, or a misspelt key, is reported with its place in the file."""
    file = changed(place, value)
    if value is None:
        del file[place]
    with pytest.raises(InvalidArgument) as caught:
        parse(file)
    assert f"{caught.value.field} {caught.value.reason}".startswith(expected)


def test_the_line_of_an_error(tmp_path: Path) -> None:
    """An error names the line of the value, of the step, or of the table in which a value is missing."""
    path = tmp_path / "a.toml"
    whole = example("en")
    for wrong, right in (
        ('{ to = "nobody", method = "call"', '{ to = "tanaka", method = "call"'),
        ("rounds = 0 ", "rounds = 2 "),
        ('lis = "oncall"', 'list = "oncall"'),
        ("colour = 1\n\n[people]", "[people]"),
    ):
        text = whole.replace(right, wrong, 1)
        path.write_text(text)
        expected = text[: text.index(wrong)].count("\n") + 1
        with pytest.raises(ConfigurationError) as caught:
            load(path)
        assert caught.value.fields["path"] == f"{path}:{expected}", wrong
    assert line_number("[lists.a]\nsteps = []\n", "lists.a.steps[1].to") == 2
    assert line_number("a = 1\n", "sender") is None


def test_prices() -> None:
    """A limit in credits needs a price for everybody, by the country of the number."""
    file = changed("people.abroad", "+14155552671")
    file["spend_limit"] = {"credits": 500, "call_price": 20}
    with pytest.raises(InvalidArgument, match="no price is published for where abroad is"):
        parse(file)
    file["spend_limit"]["sms_price"] = 7.5
    limit = parse(file).spend_limit
    assert (limit.message_cost("a", "US"), limit.parts_cost(3, "US"), limit.call_price) == (
        Decimal("7.5"),
        Decimal("22.5"),
        20,
    )
    assert (settings().spend_limit.message_cost("a" * 141, "JP"), settings().spend_limit.parts_cost(3, "JP")) == (
        20,
        30,
    )
    assert (settings().spend_limit.message_cost("a", None), settings().spend_limit.parts_cost(3, None)) == (0, 0)


def test_files(tmp_path: Path) -> None:
    """The error for a missing or invalid file names the file and the reason; a byte-order mark is none."""
    path = tmp_path / "a.toml"
    with pytest.raises(ConfigurationError, match=r"a\.toml: No such file"):
        load(path)
    path.write_text("= 1")
    with pytest.raises(ConfigurationError, match="this is not TOML"):
        load(path)
    path.write_text("talk = 1", encoding="utf-8-sig")
    with pytest.raises(ConfigurationError, match=r"a\.toml: lists must"):
        load(path)


def test_warnings() -> None:
    """An alert without a route, and a list without a route, give a warning."""
    found = settings(routes=[{"match": {"team": "db"}, "list": "office"}])
    described = "\n".join(preview.describe(found))
    assert "warning  an alert that matches no route" in described
    assert "warning  no route leads to oncall" in described
    assert "team=db → office" in described


def test_the_documentation() -> None:
    """The settings of the documentation can be loaded."""
    page = (Path(__file__).parents[3] / "docs" / "alertmanager.md").read_text(encoding="utf-8")
    grafana, whole, texts, public, heartbeats = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert set(parse(tomllib.loads(whole)).policies) == {"oncall", "office"}
    found = parse(tomllib.loads(public + whole + texts + heartbeats + grafana))
    assert found.texts.sms_template.ident == 6
    assert found.heartbeats["backup"].timeout == 26 * 3600
    assert found.grafana.timestamp_header == "X-Grafana-Alerting-Timestamp"
    assert found.public_url == "https://oncall.example"
