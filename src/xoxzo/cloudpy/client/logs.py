"""The log ``xoxzo.cloudpy``: one line for each attempt, without a phone number, a text or a secret."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import TextIO

    from xoxzo.cloudpy.protocols import Attempt

VARIABLE = "XOXZO_LOG"

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


def set_up_from_environment() -> None:
    """Write the log to standard error if ``XOXZO_LOG`` says ``debug`` or ``info``; more than one call does it once.

    Raises:
        ConfigurationError: the variable says something else.
    """
    value = os.environ.get(VARIABLE, "").strip().lower()
    if not value:
        return
    if value not in _LEVELS:
        raise ConfigurationError("XOXZO_LOG must be debug or info")
    logger.setLevel(_LEVELS[value])
    logger.addHandler(_handler)


def log_attempt(event: Attempt) -> None:
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
