"""Settings as text, and the profiles."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import fields

from xoxzo.cloudpy.errors import SimulatorError
from xoxzo.cloudpy.simulator import Carrier, NumberRange, Settings, profile
from xoxzo.cloudpy.simulator.settings_text import parse_assignments, setting_entries, settings_table, value_text

PLAIN = [entry for entry in setting_entries(Settings()) if entry.name not in {"din_ranges", "sin_ranges", "carriers"}]
CARRIER = '[{"prefix": "8190", "name": "X", "country": "JP", "mcc": "440", "mnc": "10"}]'
RANGE = '[{"country": "JP", "country_code": "81", "prefix": "50", "first": 1, "digits": 8, "monthly_cost": 650.5}]'


def test_every_field_is_explained() -> None:
    """The table has all settings in their order, each with a meaning of its own."""
    found = setting_entries(Settings())
    assert [entry.name for entry in found] == [field.name for field in fields(Settings)]
    assert len({entry.meaning for entry in found}) == len(found)
    assert all(entry.meaning for entry in found)


def test_rows_are_those_that_the_meaning_cites() -> None:
    """Each citation of section 15 is a row, and nothing else is."""
    rows = {entry.name: entry.rows for entry in setting_entries(Settings())}
    assert rows["callback_format"] == (60, 61)
    assert rows["postpaid"] == (65,)
    assert rows["link_days"] == ()


@pytest.mark.parametrize("entry", PLAIN, ids=lambda entry: entry.name)
def test_what_is_shown_can_be_set(entry: Any) -> None:
    """Each value in the table, given to `--set`, is the value that it shows."""
    assert parse_assignments([f"{entry.name}={entry.value}"]) == {entry.name: getattr(Settings(), entry.name)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("otp_tries=3", 3),
        ("multi_click=TRUE", True),
        ("otp_lifetime=1.5", 1.5),
        ("seed=-7", -7),
        ("seed=None", None),
        ("sid=a=b", "a=b"),
        ("credits=0.5", 0.5),
        ("callback_format=json", "json"),
        ("template_delete_status=200", 200),
        ("k_premium_senders=031, 032,", frozenset({"031", "032"})),
        ("blocked_countries=", frozenset()),
        ("k_premium_senders=1,2", frozenset({"1", "2"})),
        ("allowed_addresses=10.0.0.0/8,192.0.2.7", ("10.0.0.0/8", "192.0.2.7")),
        ('sms_prices={"81": 12, "": 1.5}', {"81": 12, "": 1.5}),
        (f"carriers={CARRIER}", (Carrier(prefix="8190", name="X", country="JP", mcc="440", mnc="10"),)),
        (
            f"din_ranges={RANGE}",
            (NumberRange(country="JP", country_code="81", prefix="50", first=1, digits=8, monthly_cost=650.5),),
        ),
    ],
)
def test_values_of_every_kind(text: str, value: object) -> None:
    """Each is read as its setting's type, and the settings can be made of it."""
    [(name, found)] = parse_assignments([text]).items()
    assert (found, type(found)) == (value, type(value))
    assert getattr(Settings(**{name: found}), name) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("otp_trys=3", "there is no setting 'otp_trys'; did you mean otp_tries?"),
        ("zzz=1", "there is no setting 'zzz'"),
        ("otp_tries", "otp_tries must be of the type int"),
        ("otp_tries=many", "otp_tries must be of the type int"),
        ("otp_tries=-1", "otp_tries must be of the type int"),
        ("otp_tries=none", "otp_tries must be of the type int"),
        ("otp_lifetime=nan", "otp_lifetime must be of the type float"),
        ("link_days=inf", "link_days must be of the type float"),
        ("verified=maybe", "verified must be of the type bool"),
        ("callback_format=xml", "callback_format must be of the type Literal['form', 'json']"),
        ("sms_prices=3", "sms_prices must be of the type "),
        ("sms_prices={", "sms_prices must be of the type "),
        ('sms_prices={"81": -1}', "sms_prices must be of the type "),
        ("carriers=[{}]", "carriers must be of the type tuple[Carrier, ...]"),
    ],
)
def test_what_does_not_fit_is_reported(text: str, expected: str) -> None:
    """The setting is named with the type that it wants; the value is not repeated."""
    with pytest.raises(SimulatorError, match=re.escape(expected)):
        parse_assignments([text])


def test_the_last_assignment_counts() -> None:
    """As with other options of a command line."""
    assert parse_assignments(["otp_tries=1", "otp_tries=2"]) == {"otp_tries": 2}


@given(st.text(max_size=30))
def test_no_text_breaks_it(value: str) -> None:
    """Whatever is assigned to whatever kind of setting, it fits or is refused."""
    for name in ("otp_tries", "credits", "seed", "sms_prices", "carriers", "numbers", "callback_format"):
        with suppress(SimulatorError):
            assert Settings(**parse_assignments([f"{name}={value}"]))


def test_a_token_is_not_shown() -> None:
    """The table tells that there is one, and no more."""
    shown = settings_table(Settings(sid="one", token="two"))
    assert "| `sid` | one |" in shown
    assert "| `token` | •••• |" in shown
    assert "two" not in shown.split("`credits`")[0]


def test_exact_prices_are_written_as_they_are() -> None:
    """A decimal, as Python programs set it, is no number of JSON's but reads the same."""
    assert value_text(Decimal("0.1")) == "0.1"
    assert value_text({"81": 1}) == '{"81":1}'


def test_profiles() -> None:
    """Standard is the default; strict throttles; a new account may send templates only; each can be changed."""
    assert profile("standard") == Settings()
    strict = profile("strict", otp_tries=1)
    assert (strict.requests_per_second, strict.list_interval, strict.otp_tries) == (10, 1200.0, 1)
    new = profile("new-account", credits=7)
    assert (new.free_form_allowed, new.test_text, new.verified, new.credits) == (False, True, False, 7)
    assert profile("new-account").credits == 50
    with pytest.raises(SimulatorError, match="there is no profile 'x'; there are standard, strict, new-account"):
        profile("x")
