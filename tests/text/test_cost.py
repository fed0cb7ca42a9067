"""What an SMS costs (API section 1.7)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from xoxzo.cloudpy import InvalidArgument
from xoxzo.cloudpy.text import CostEstimate, estimate, measure

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "country", "parts", "price"),
    [
        ("Hello", "JP", 1, 10),
        ("a" * 140, "JP", 1, 10),
        ("a" * 141, "JP", 2, 10),
        ("あ" * 71, "JP", 2, 10),
        ("あ" * 660, "JP", 10, 10),
        ("Hello", "MY", 1, 3),
        ("あ" * 133, "MY", 3, 3),
    ],
)
def test_published_prices(text: str, country: str, parts: int, price: int) -> None:
    """A message costs its parts by Xoxzo's own table times the published price: 10 for Japan, 3 for Malaysia."""
    result = estimate(text, country)

    assert result == CostEstimate(
        parts=parts, price=Decimal(price), surcharge=Decimal(0), credits=Decimal(price * parts), notes=()
    )
    assert isinstance(result.credits, Decimal)


def test_japan_by_default() -> None:
    """Without a country, Japan's price is taken."""
    assert estimate("Hello") == estimate("Hello", country="JP")


def test_link_tracking() -> None:
    """Tracking adds 5 credits to a message, and the estimate says that this is inferred and what was measured."""
    result = estimate("a" * 141, track_link=True)

    assert (result.parts, result.price) == (2, Decimal(10))
    assert (result.surcharge, result.credits) == (Decimal(5), Decimal(25))
    inferred, length = result.notes
    assert "one sample" in inferred
    assert "before its link is replaced" in length


@pytest.mark.parametrize(("country", "k_premium", "reason"), [("US", False, "this country"), ("JP", True, "K-premium")])
def test_unknown_prices(country: str, k_premium: bool, reason: str) -> None:
    """Where no price is published none is made up: there are parts, no credits, and a note that tells what to do."""
    result = estimate("Hello", country, k_premium=k_premium)

    assert (result.parts, result.price, result.credits) == (1, None, None)
    (note,) = result.notes
    assert reason in note
    assert "price=" in note


@pytest.mark.parametrize(("country", "k_premium"), [("JP", False), ("US", False), ("JP", True)])
@pytest.mark.parametrize("price", [Decimal("9.5"), 8, 0])
def test_own_price(country: str, k_premium: bool, price: Decimal | int) -> None:
    """A price of one's own takes the place of the published one, exactly, and settles what is not published."""
    result = estimate("a" * 141, country, k_premium=k_premium, track_link=True, price=price)

    assert (result.price, result.credits) == (price, 2 * Decimal(price) + 5)
    assert len(result.notes) == 2


def test_too_long() -> None:
    """A text that cannot be sent has no parts and no cost."""
    result = estimate("a" * 661)

    assert (result.parts, result.price, result.credits) == (None, Decimal(10), None)
    assert result.notes == ("the text is over 660 characters and cannot be sent",)


@pytest.mark.parametrize("country", ["jp", "JPN", "", "J", "JP\n", "日本", "81"])
def test_country_refused(country: str) -> None:
    """A country is two capital letters."""
    with pytest.raises(InvalidArgument, match="two capital letters") as refused:
        estimate("Hello", country)
    assert refused.value.field == "country"


def test_k_premium_is_for_japan() -> None:
    """K-premium is refused for another country."""
    with pytest.raises(InvalidArgument, match="JP") as refused:
        estimate("Hello", "MY", k_premium=True, price=11)
    assert refused.value.field == "k_premium"


@pytest.mark.parametrize("price", [9.5, "10", True, Decimal(-1), -1, Decimal("NaN"), Decimal("Infinity")])
def test_price_refused(price: object) -> None:
    """A price is an exact number that can be paid."""
    with pytest.raises(InvalidArgument) as refused:
        estimate("Hello", price=price)  # type: ignore[arg-type]
    assert refused.value.field == "price"


@patient
@given(st.text(max_size=700), st.decimals(min_value=0, max_value=100, places=2))
def test_estimate_follows_the_bill(text: str, price: Decimal) -> None:
    """For any text the parts are those that it is billed as, whatever the network makes of it."""
    result = estimate(text, price=price)

    assert result.parts == measure(text).parts
    assert result.credits == (None if result.parts is None else result.parts * price)
