"""Carriers: the look-up, and which way a K-premium message takes."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from simulator_callers import Caller

from xoxzo.cloudpy.simulator import Carrier
from xoxzo.cloudpy.simulator.settings import carrier_of, japan_and_malaysia

DOCOMO, KDDI, SOFTBANK, RAKUTEN = "+819011112222", "+818011112222", "+817011112222", "+816011112222"
PATH = "/utilities/carrierlookup/"


def test_a_carrier_is_found(caller: Caller) -> None:
    """The answer is a list of one; codes are texts; it costs 5."""
    status, [found] = caller.post(PATH, {"recipient": KDDI})
    ident = found.pop("id")
    assert (status, len(set(ident))) == (201, 32)
    assert found == {
        "mcc": "440",
        "mnc": "54",
        "mccmnc": "44054",
        "carrier": "KDDI",
        "country": "JP",
        "recipient": KDDI,
        "cost": 5,
    }
    assert caller.credits() == 99_995


def test_a_landline_has_none_and_costs_the_same(caller: Caller) -> None:
    """All that is not known is null."""
    status, [found] = caller.post(PATH, {"recipient": "+81312345678"})
    del found["id"]
    nothing = dict.fromkeys(["mcc", "mnc", "mccmnc", "carrier", "country"])
    assert (status, found) == (201, {**nothing, "recipient": "+81312345678", "cost": 5})
    assert caller.credits() == 99_995


def test_bad_numbers_and_poverty() -> None:
    """A bad number is 400 and free; too little money is 403."""
    caller = Caller(credits=4)
    assert caller.post(PATH, {"recipient": "0312345678"}) == (400, {"recipient": ["Invalid recipient"]})
    assert caller.post(PATH, {}) == (400, {"recipient": ["This field is required."]})
    assert caller.post(PATH, {"recipient": KDDI}) == (403, {"non_field_errors": ["Not enough credits, required: 5"]})


@pytest.mark.parametrize(
    ("route", "recipient", "cost", "sender"),
    [
        ("jp_kp", KDDI, 11, "0312341234"),
        ("jp_kp", DOCOMO, 11, "0312341234"),
        ("jp_kp", RAKUTEN, 11, "0312341234"),
        ("jp_kp", SOFTBANK, 11, "21053"),
        ("jp_kp", "+815011112222", 11, "0312341234"),
        ("jp_kpl", KDDI, 11, "0312341234"),
        ("jp_kpl", DOCOMO, 11, "0312341234"),
        ("jp_kpl", RAKUTEN, 11, "0312341234"),
        ("jp_kpl", SOFTBANK, 10, "Xoxzo"),
        ("jp_kpl", "+815011112222", 11, "0312341234"),
        ("other", SOFTBANK, 10, "Xoxzo"),
    ],
)
def test_the_k_premium_matrix(caller: Caller, route: str, recipient: str, cost: int, sender: str) -> None:
    """Price and shown sender follow the route and the carrier; the status object keeps what was asked for."""
    msgid = caller.send(**{route: "true", "recipient": recipient, "jp_kp_sender": "0312341234"})
    assert caller.credits() == 100_000 - cost
    assert caller.simulator.phone(recipient).inbox[0].sender == sender
    assert caller.sms(msgid)["sender"] == "Xoxzo"


def test_the_table_is_a_setting() -> None:
    """One's own ranges replace it, for the look-up and for the routes."""
    mine = Carrier(prefix="8190", name="MINE", country="JP", mcc="440", mnc="99", k_premium_lite=False)
    caller = Caller(carriers=(mine,))
    assert caller.post(PATH, {"recipient": DOCOMO})[1][0]["carrier"] == "MINE"
    assert caller.post(PATH, {"recipient": KDDI})[1][0]["carrier"] is None
    caller.send(recipient=DOCOMO, jp_kpl="true", jp_kp_sender="1")
    assert caller.credits() == 100_000 - 5 - 5 - 10


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_the_longest_prefix_counts(number: str) -> None:
    """A finer range goes before a wider one, whatever their order."""
    wide = Carrier(prefix=number[1:3], name="wide", country="JP", mcc="1", mnc="1")
    fine = Carrier(prefix=number[1:6], name="fine", country="JP", mcc="1", mnc="2")
    assert carrier_of((wide, fine), number) is carrier_of((fine, wide), number) is fine
    assert carrier_of((wide,), number) is wide


def test_prefixes_of_the_default_table_do_not_overlap() -> None:
    """Each number has one carrier at most."""
    prefixes = [carrier.prefix for carrier in japan_and_malaysia()]
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and a.startswith(b)]
