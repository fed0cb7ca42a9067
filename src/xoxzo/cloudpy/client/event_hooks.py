"""Call the event hooks and write the log, before and after each attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.client import logs
from xoxzo.cloudpy.client.headers import check_header
from xoxzo.cloudpy.common.interruptions import raised_by_signal_handler

if TYPE_CHECKING:
    from xoxzo.cloudpy.client.settings import Settings
    from xoxzo.cloudpy.protocols import Attempt, AttemptStart


def start(event: AttemptStart, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Call the start hooks before an attempt and return the header fields that they add.

    A hook whose call fails, or whose fields cannot be sent, adds none: it is logged, and the attempt is made.
    """
    headers: tuple[tuple[str, str], ...] = ()
    for hook in settings.start_hooks:
        try:
            added = hook(event) or {}
            headers += tuple(check_header(name, value) for name, value in added.items())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and the call goes on
            _log_failure(error, "an event hook failed before an attempt")
    return headers


def notify(event: Attempt, settings: Settings) -> None:
    """Write an event to the log and call each hook with it; a hook's error must not hide the result of a send."""
    logs.log_attempt(event)
    for hook in settings.event_hooks:
        try:
            hook(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and the call goes on
            _log_failure(error, "the on_event hook failed")


def _log_failure(error: Exception, message: str) -> None:
    """Log the error of a hook; raise what a signal handler raised while the hook ran."""
    if raised_by_signal_handler(error):
        raise error
    logs.logger.error(message, exc_info=error)
