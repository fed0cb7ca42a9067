"""Asking again and again, politely, until a record has come far enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xoxzo.cloudpy.errors import RateLimited, TimedOut
from xoxzo.cloudpy.operations import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from xoxzo.cloudpy.drivers import AsyncDriver
    from xoxzo.cloudpy.operations.operation import Operation

T = TypeVar("T")

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 15.0


async def wait(driver: AsyncDriver, ask: Operation[T], enough: Callable[[T], bool], *, name: str, timeout: float) -> T:
    """Carry a read out until its answer is enough.

    The pauses grow from 1 to 15 seconds; a 429 is answered by the pause that the server asks for.

    Args:
        driver: makes the calls.
        ask: the read; never the sent list, which is throttled far harder (API section 1.6).
        enough: looks at an answer.
        name: what the error is called when time runs out.
        timeout: seconds for all of it.

    Raises:
        InvalidArgument: the time-out is no number of seconds.
        TimedOut: with phase ``deadline``: the record had not come far enough. ``last_record`` is what was read last.
        APIError: a question failed.
    """
    give_up = driver.clock() + checks.seconds("timeout", timeout)
    pause = _FIRST_PAUSE
    asked = 0
    answer: T | None = None
    while True:
        asked += 1
        next_pause = pause
        try:
            answer = await driver.call(ask)
            if enough(answer):
                return answer
        except RateLimited as throttled:
            next_pause = max(pause, throttled.retry_after or 0.0)
        if driver.clock() + next_pause > give_up:
            error = TimedOut("deadline", operation=name, attempts=asked)
            error.last_record = answer
            raise error
        await driver.sleep(next_pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
