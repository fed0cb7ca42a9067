"""Decide what a failed send means for its recipient and for the campaign."""

from __future__ import annotations

from typing import NamedTuple

from xoxzo.cloudpy import errors
from xoxzo.cloudpy.campaigns.records import State


class SendFailure(NamedTuple):
    """What a failed send means for its recipient and for the campaign."""

    state: State
    error: str
    stop: str = ""
    """Why the whole campaign has to stop, or nothing."""
    pause: float = 0.0
    """Seconds for which nobody should be sent to."""


def classify_error(error: BaseException) -> SendFailure:
    """Return what an error of a send means (API sections 1.5 and 1.6).

    A recipient is left waiting only if the request surely had no effect; if the message may have gone out, its state is
    unknown.
    """
    name = _name(error)
    if isinstance(error, errors.InvalidArgument):
        return SendFailure(State.REJECTED, name)
    if not isinstance(error, errors.APIError) or error.maybe_sent:
        return SendFailure(State.UNKNOWN, name)
    if isinstance(error, errors.NotEnoughCredits):
        return SendFailure(State.WAITING, name, stop="the account has not enough credits")
    if isinstance(error, errors.AuthenticationFailed | errors.PermissionDenied):
        return SendFailure(State.WAITING, name, stop=f"the account was refused ({name})")
    if isinstance(error, errors.RateLimited):
        return SendFailure(State.WAITING, name, pause=error.retry_after or 1.0)
    if isinstance(error, errors.StatusError):
        return SendFailure(State.REJECTED, name)
    return SendFailure(State.WAITING, name, pause=1.0)


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
