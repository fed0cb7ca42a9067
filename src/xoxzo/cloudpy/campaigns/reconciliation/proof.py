"""Conclude from the sent list which messages were surely not sent. Pure: no clock, no file, no network."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from xoxzo.cloudpy.campaigns.records import Unsettled


def find_unsent(
    unsettled: Iterable[Unsettled],
    *,
    listed: Container[int],
    known: Iterable[tuple[int, float]],
    asked: float,
    settle: float,
) -> list[int]:
    """Return the unknown recipients that were surely not sent, as far as a sent list can prove that.

    The list holds an unstated number of records, so a message that is not in it may have been sent all the same. Only
    witnesses on both sides show that the list reaches over the time of a try:

    1. the time in which a late acceptance can happen has passed;
    2. every message known to be sent since just before the try is in the list;
    3. so is at least one that is known to have been sent before it;
    4. so is at least one that was sent after the settling time had passed.

    That the tag comes back in this account follows from 3, since the list is read by tags.

    Args:
        unsettled: the unknown ones.
        listed: the recipients whose reference stands in the list.
        known: who was surely sent to, and when that was answered, in seconds since 1970; read once, in any order.
        asked: when the list was asked for.
        settle: seconds after a try until no late acceptance is possible.
    """
    # Three times are all that is wanted of however many witnesses.
    first_listed, last_listed, last_missing = inf, -inf, -inf
    for n, at in known:
        if n in listed:
            first_listed, last_listed = min(first_listed, at), max(last_listed, at)
        else:
            last_missing = max(last_missing, at)
    return [
        one.n
        for one in unsettled
        if one.n not in listed
        and asked >= one.ended + settle
        and last_missing < one.began - settle
        and first_listed < one.began
        and last_listed > one.ended + settle
    ]
