"""Decide what a failed send means for its recipient and for the campaign."""

from __future__ import annotations

from typing import NamedTuple

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns.records import NO_REASON, Reason, State

_RETRY_SECONDS = 1.0


class SendFailure(NamedTuple):
    """What a failed send means."""

    state: State
    """The recipient's state."""
    error: str
    """The exception's name with its status and fields; no number and no text."""
    stop: Reason = NO_REASON
    """Why the campaign has to stop; empty when it need not."""
    pause_seconds: float = 0.0
    """For how many seconds nothing should be sent."""


def classify_error(error: BaseException) -> SendFailure:
    """Return what an error of a send means (API sections 1.5 and 1.6).

    A recipient is left waiting only if the request had no effect. If the message may have been sent, its state is
    unknown.
    """
    name = _describe(error)
    if isinstance(error, errors.InvalidArgument):
        return SendFailure(State.REJECTED, name)
    if not isinstance(error, errors.APIError) or error.maybe_sent:
        return SendFailure(State.UNKNOWN, name)
    if isinstance(error, errors.NotEnoughCredits):
        return SendFailure(State.WAITING, name, stop=Reason("not_enough_credits", "the account has not enough credits"))
    if isinstance(error, errors.AuthenticationFailed | errors.PermissionDenied):
        refused = Reason("account_refused", "the account was refused ({error})", {"error": name})
        return SendFailure(State.WAITING, name, stop=refused)
    if isinstance(error, errors.RateLimited):
        return SendFailure(State.WAITING, name, pause_seconds=error.retry_after or _RETRY_SECONDS)
    if isinstance(error, errors.StatusError):
        return SendFailure(State.REJECTED, name)
    return SendFailure(State.WAITING, name, pause_seconds=_RETRY_SECONDS)


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, errors.StatusError):
        fields = ", ".join(sorted(error.field_errors))
        return f"{name} {error.status}" + (f" ({fields})" if fields else "")
    if isinstance(error, errors.TimedOut):
        return f"{name} ({error.phase})"
    if isinstance(error, errors.InvalidArgument):
        return f"{name} ({error.field})"
    return name
