"""The base of all resources, and polling a record until its status is final."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from xoxzo.cloudpy.client.drivers import AsyncDriver
from xoxzo.cloudpy.errors import RateLimited, TimedOut
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.operation import Operation

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 15.0


class AsyncResource:
    """Some of the client's methods, which make their calls through the client's driver."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver


async def poll(
    driver: AsyncDriver,
    operation: Operation[T],
    is_done: Callable[[T], bool],
    *,
    name: str,
    timeout: float,
) -> T:
    """Repeat a read until the record is done.

    The pauses grow from 1 to 15 seconds; after a 429 the pause is the one that the server asks for. The read must never
    be the list of sent messages, whose rate limit is far lower (API section 1.6). `timeout` is the limit of all of it,
    in seconds; a `TimedOut` names the operation `name`.

    Raises:
        InvalidArgument: the time-out is no number of seconds.
        TimedOut: with phase ``deadline``: the record was not done. ``last_record`` is what was read last.
        APIError: a read failed.
    """
    expires_at = driver.clock() + checks.seconds("timeout", timeout)
    pause = _FIRST_PAUSE_SECONDS
    reads = 0
    record: T | None = None
    while True:
        reads += 1
        next_pause = pause
        try:
            record = await driver.call(operation)
            if is_done(record):
                return record
        except RateLimited as throttled:
            next_pause = max(pause, throttled.retry_after or 0.0)
        if driver.clock() + next_pause > expires_at:
            error = TimedOut("deadline", operation=name, attempts=reads)
            error.last_record = record
            raise error
        await driver.sleep(next_pause)
        pause = min(_MAX_PAUSE_SECONDS, pause * 1.5)
