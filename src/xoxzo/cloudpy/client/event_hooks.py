"""Call the event hooks and write the log, before and after each attempt; check header fields that are added."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TextIO

import msgspec

from xoxzo.cloudpy.client.settings import Settings
from xoxzo.cloudpy.common.signals import raised_by_signal_handler
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import Attempt, AttemptStart

logger = logging.getLogger("xoxzo.cloudpy")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}


class _StandardErrorHandler(logging.StreamHandler["TextIO"]):
    """Writes to what ``sys.stderr`` is at that moment, since programs and test runners replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # never set
        return sys.stderr


_handler = _StandardErrorHandler()


def set_up_log() -> None:
    """Write the log to standard error as ``XOXZO_LOG`` says; raise ``ConfigurationError`` if it says no level."""
    value = os.environ.get("XOXZO_LOG", "").strip().lower()
    if not value:
        return
    if value not in _LEVELS:
        raise ConfigurationError("XOXZO_LOG must be debug or info")
    logger.setLevel(_LEVELS[value])
    logger.addHandler(_handler)


def _log(event: Attempt) -> None:
    """Write the result of one attempt: a success at DEBUG, everything else at INFO."""
    level = logging.DEBUG if event.outcome == "ok" else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "%s %s: attempt %d: %s%s in %.3f s%s%s",
            event.operation,
            event.request_id,
            event.number,
            event.outcome,
            f" ({event.status})" if event.status else "",
            event.seconds,
            "" if event.retry_in is None else f", next attempt in {event.retry_in:.1f} s",
            ", may have been carried out" if event.maybe_sent and event.outcome != "ok" else "",
        )


_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch

# Set by the client or its transport for each request: a second field of the same name would contradict the first.
_OWN = frozenset(
    {"accept", "accept-encoding", "authorization", "user-agent", "x-request-id"}
    | {"content-encoding", "content-length", "content-type", "transfer-encoding", "trailer", "te"}
    | {"connection", "expect", "host", "keep-alive", "proxy-authorization", "upgrade"}
)


class Start(msgspec.Struct, frozen=True):
    """A step of the flow: call the start hooks before an attempt, and return the header fields that they add."""

    event: AttemptStart


class Notify(msgspec.Struct):
    """A step of the flow: report an attempt to the log and the event hooks."""

    event: Attempt
    begun: bool = False
    """Whether that has begun, so that it must not be repeated."""


def start(step: Start, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Call the start hooks before an attempt and return the header fields that they add.

    A hook whose call fails, or whose fields cannot be sent, adds none: it is logged, and the attempt is made.
    """
    headers: tuple[tuple[str, str], ...] = ()
    for hook in settings.start_hooks:
        try:
            added = hook(step.event) or {}
            headers += tuple(check_header(name, value) for name, value in added.items())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and the call goes on
            _log_failure(error, "an event hook failed before an attempt")
    return headers


def notify(step: Notify, settings: Settings) -> None:
    """Write an event to the log and call each hook with it; a hook's error must not hide the result of a send."""
    step.begun, event = True, step.event
    _log(event)
    for hook in settings.event_hooks:
        try:
            hook(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and the call goes on
            _log_failure(error, "the on_event hook failed")


def _log_failure(error: Exception, message: str) -> None:
    """Log the error of a hook; raise what a signal handler raised while the hook ran."""
    if raised_by_signal_handler(error):
        raise error
    logger.error(message, exc_info=error)


def check_header(name: object, value: object) -> tuple[str, str]:
    """Return a header field, its name in lower case; raise ``ConfigurationError`` if it cannot be sent, or is ours."""
    if not isinstance(name, str) or not _NAME(name):
        raise ConfigurationError("the name of a header must be letters, digits and hyphens, for instance X-Team")
    name = name.lower()
    if name in _OWN:
        raise ConfigurationError("the client sets the header {header} itself: it cannot be replaced", header=name)
    if not isinstance(value, str) or value != value.strip() or not value.isascii() or not value.isprintable():
        rule = "the header {header} must be printable ASCII text without line breaks or blanks at its ends"
        raise ConfigurationError(rule, header=name)
    return name, str.__str__(value)
