"""Look-ups (API section 8)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from xoxzo.cloudpy.models import CarrierLookup
from xoxzo.cloudpy.operations.account import carrier
from xoxzo.cloudpy.operations.operation import Effect

Refused = Callable[..., str]

FOUND = b"""{"id": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1", "mcc": "440", "mnc": "54", "mccmnc": "44054",
  "carrier": "KDDI", "country": "JP", "recipient": "+818011112222", "cost": 5}"""
MISSED = b"""[{"id": "x", "mcc": null, "mnc": null, "mccmnc": null, "carrier": null, "country": null,
  "recipient": "+81311112222", "cost": 5}]"""


def test_carrier() -> None:
    """A look-up is a POST of the number, and is charged, so it is not retried if its outcome is unknown."""
    operation = carrier("+818011112222")

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "lookup.carrier",
        "POST",
        "/utilities/carrierlookup/",
        "",
        b"recipient=%2B818011112222",
    )
    assert operation.effect is Effect.CREATE
    assert operation.content_type == "application/x-www-form-urlencoded"


def test_a_lookup_contacts_no_phone() -> None:
    """No phone hears of a look-up, so a client for staging may make it."""
    assert carrier("+818011112222").recipients == ()


def test_carrier_refused(refused: Refused) -> None:
    """What is no number in E.164 is refused."""
    assert "begin with +" in refused("recipient", carrier, "08011112222")


@pytest.mark.parametrize("body", [FOUND, b"[" + FOUND + b"]"])
def test_found(body: bytes) -> None:
    """The record comes in a list, or bare, and is read whole."""
    found = carrier("+818011112222").read(body)

    assert found == CarrierLookup(
        found=True,
        recipient="+818011112222",
        carrier="KDDI",
        country="JP",
        mcc="440",
        mnc="54",
        mccmnc="44054",
        cost=Decimal(5),
        id="VncyEuDbojkzRJ2GlKP3USB7C5F6atp1",
        raw=found.raw,
    )
    assert found.raw["mccmnc"] == "44054"


def test_not_found() -> None:
    """A landline has the same record with nulls, and costs the same."""
    missed = carrier("+81311112222").read(MISSED)

    assert (missed.found, missed.carrier, missed.country, missed.mcc, missed.mnc, missed.mccmnc) == (
        False,
        "",
        "",
        "",
        "",
        "",
    )
    assert (missed.recipient, missed.cost) == ("+81311112222", Decimal(5))


def test_little_is_enough() -> None:
    """The carrier alone makes a look-up."""
    assert carrier("+818011112222").read(b'{"carrier": "KDDI"}') == CarrierLookup(
        found=True, carrier="KDDI", raw={"carrier": "KDDI"}
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": "x"}', b"<html>", b'["carrier"]'])
def test_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """Without the field that tells whether a carrier was found, there is no answer."""
    assert undecodable(carrier("+818011112222").read, body)
