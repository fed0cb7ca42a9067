"""What the helpers for texts and numbers cost."""

from __future__ import annotations

import timeit
from typing import TYPE_CHECKING

import phonenumbers

from xoxzo.cloudpy import phone, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS, CALLS = 5, 2_000
TEXT = "ご予約は明日18時です。" * 6
TYPED = "０８０－１１１１－２２２２"


def measure() -> Iterator[str]:
    """Time each helper; reading a number also against what it is made of."""
    bare, ours = microseconds(with_phonenumbers_alone), microseconds(lambda: phone.parse(TYPED))
    yield f"text.measure, {len(TEXT)} characters: {microseconds(lambda: text.measure(TEXT)):.1f} µs"
    yield f"text.encoding, the same: {microseconds(lambda: text.encoding(TEXT)):.1f} µs"
    yield f"phone.recipient_error: {microseconds(lambda: phone.recipient_error('+818011112222')):.1f} µs"
    yield f"phone.parse: {ours:.1f} µs, {ours / bare:.2f} × phonenumbers alone"


def with_phonenumbers_alone() -> str:
    """Do what `parse` has the library do, without telling what was assumed."""
    number = phonenumbers.parse(TYPED, "JP")
    phonenumbers.is_valid_number(number)
    phonenumbers.region_code_for_number(number)
    phonenumbers.number_type(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def microseconds(call: Callable[[], object]) -> float:
    """Give the time of one call in the best of several rounds."""
    return min(timeit.repeat(call, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6
