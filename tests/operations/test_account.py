"""The account (API section 9)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from xoxzo.cloudpy.models import Credits
from xoxzo.cloudpy.operations.account import get_credits
from xoxzo.cloudpy.operations.operation import Effect


def test_credits() -> None:
    """The balance is a GET without parameters."""
    operation = get_credits()

    assert (operation.name, operation.method, operation.path, operation.query, operation.body) == (
        "account.credits",
        "GET",
        "/you/credits/",
        "",
        b"",
    )
    assert operation.effect is Effect.READ
    assert operation.content_type is None


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        (b'{"credits": 1000.0}', "1000.0"),
        (b'{"credits": 0.1}', "0.1"),
        (b'{"credits": 0}', "0"),
        (b'{"credits": -3.5}', "-3.5"),
        (b'{"credits": "12.34"}', "12.34"),
        (b'[{"credits": 7}]', "7"),
    ],
)
def test_balance(body: bytes, amount: str) -> None:
    """A balance is read exactly, below 0 too, whether it came as int, float or text."""
    assert get_credits().read(body).credits == Decimal(amount)


def test_raw() -> None:
    """Unknown fields are kept."""
    assert get_credits().read(b'{"credits": 5, "currency": "JPY"}') == Credits(
        credits=Decimal(5), raw={"credits": 5, "currency": "JPY"}
    )


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"credits": null}', b'{"credits": true}', b'{"credits": "many"}', b"[]"]
)
def test_unreadable(body: bytes, undecodable: Callable[..., str]) -> None:
    """A balance that is not there is not taken for 0."""
    assert undecodable(get_credits().read, body)
