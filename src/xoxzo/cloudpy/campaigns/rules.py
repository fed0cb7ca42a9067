"""What an outcome means, and what may be concluded from the sent list. Pure: no clock, no file, no network."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns.records import State

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from xoxzo.cloudpy.campaigns.records import Unsettled

_LATER = {
    None: frozenset(State),
    State.WAITING: frozenset(State),
    State.UNKNOWN: frozenset(State) - {State.UNKNOWN},
    State.ASSUMED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED}),
    # A retired message can still turn out to have gone; nothing else moves what has ended.
    State.REJECTED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.SKIPPED: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.DELIVERED: frozenset[State](),
    State.FAILED: frozenset[State](),
}


class Verdict(NamedTuple):
    """What a failed send means for its recipient and for the campaign."""

    state: State
    error: str
    stop: str = ""
    """Why the whole campaign has to stop, or nothing."""
    pause: float = 0.0
    """Seconds for which nobody should be sent to."""


def may_follow(before: State | None, after: State) -> bool:
    """Whether a state may take the place of another: what is certain is never forgotten."""
    return after in _LATER[before]


def judge(error: BaseException) -> Verdict:
    """Say what an error of a send means (API sections 1.5 and 1.6).

    Only what surely did nothing leaves a recipient waiting; whatever may have gone out makes it unknown.
    """
    name = _name(error)
    if isinstance(error, errors.InvalidArgument):
        return Verdict(State.REJECTED, name)
    if not isinstance(error, errors.APIError) or error.maybe_sent:
        return Verdict(State.UNKNOWN, name)
    if isinstance(error, errors.NotEnoughCredits):
        return Verdict(State.WAITING, name, stop="the account has not enough credits")
    if isinstance(error, errors.AuthenticationFailed | errors.PermissionDenied):
        return Verdict(State.WAITING, name, stop=f"the account was refused ({name})")
    if isinstance(error, errors.RateLimited):
        return Verdict(State.WAITING, name, pause=error.retry_after or 1.0)
    if isinstance(error, errors.StatusError):
        return Verdict(State.REJECTED, name)
    return Verdict(State.WAITING, name, pause=1.0)


def _name(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, errors.StatusError):
        fields = ", ".join(sorted(error.field_errors))
        return f"{name} {error.status}" + (f" ({fields})" if fields else "")
    if isinstance(error, errors.TimedOut):
        return f"{name} ({error.phase})"
    if isinstance(error, errors.InvalidArgument):
        return f"{name} ({error.field})"
    return name


def resendable(
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
