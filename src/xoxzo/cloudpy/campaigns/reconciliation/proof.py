"""Prove from the sent list which messages were not sent. Pure: no clock, no file, no network."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable
from math import inf

from xoxzo.cloudpy.campaigns.records import Unsettled


def find_unsent(
    unsettled: Iterable[Unsettled],
    *,
    listed: Container[int],
    confirmed: Iterable[tuple[int, float]],
    requested_at: float,
    settle: float,
) -> list[int]:
    """Return the unknown recipients that a sent list proves were not sent to.

    The list has an undocumented size limit, so a message that is not in it may have been sent all the same. Only
    witnesses on both sides show that the list covers the time of an attempt:

    1. the time in which a late acceptance can happen has passed;
    2. every message known to be sent from just before the attempt until then is in the list;
    3. so is at least one that is known to have been sent before the attempt;
    4. so is at least one that was sent after the settling time had passed.

    That this account returns the tag follows from 3, since the list is searched by tags.

    Args:
        unsettled: the unknown recipients.
        listed: the recipients whose reference is in this one list.
        confirmed: who was certainly sent to, and when the response came, in seconds since 1970; read once, in any
            order.
        requested_at: when the list was requested.
        settle: seconds after an attempt until no late acceptance is possible.
    """
    first_listed, last_listed = inf, -inf
    missing: list[float] = []
    for n, at in confirmed:
        if n in listed:
            first_listed, last_listed = min(first_listed, at), max(last_listed, at)
        else:
            missing.append(at)
    missing.sort()

    def is_covered(one: Unsettled) -> bool:
        position = bisect_left(missing, one.began - settle)
        return position == len(missing) or missing[position] > one.ended + settle

    return [
        one.n
        for one in unsettled
        if one.n not in listed
        and requested_at >= one.ended + settle
        and first_listed < one.began
        and last_listed > one.ended + settle
        and is_covered(one)
    ]
