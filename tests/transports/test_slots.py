"""Places for so many exchanges at once in one event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from xoxzo.cloudpy.protocols import TransportFailure
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport, LoopConnections
from xoxzo.cloudpy.transports.pool import ThreadSlots


async def take(slots: LoopConnections, seconds: float) -> None:
    """Take a slot as a call does."""
    if slots.free_slots:
        slots.free_slots -= 1
    else:
        await slots.wait_for_slot(seconds)


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_slots_are_given_in_the_order_of_the_requests() -> None:
    """The longest waiter is next, and no more run at once than there are slots."""
    order: list[int] = []

    async def work(number: int, slots: LoopConnections) -> None:
        await take(slots, 5)
        order.append(number)

    async def main() -> None:
        slots = LoopConnections(2)
        tasks = [asyncio.create_task(work(number, slots)) for number in range(5)]
        await turn()
        for gone in range(2, 6):
            assert order == [*range(gone)]
            slots.put_slot()
            await turn()
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_a_wait_ends_after_its_time() -> None:
    """No slot in time is a failure, and a slot that is released later goes to another waiter."""

    async def main() -> None:
        slots = LoopConnections(1)
        await take(slots, 5)
        with pytest.raises(TransportFailure):
            await take(slots, 0.01)
        slots.put_slot()
        await take(slots, 0.01)

    asyncio.run(main())


@pytest.mark.parametrize("granted", [False, True], ids=["waiting", "given in the same moment"])
def test_a_cancelled_wait_loses_no_slot(granted) -> None:
    """A slot that was given to a waiter cancelled at that moment goes to the next."""

    async def main() -> None:
        slots = LoopConnections(1)
        await take(slots, 5)
        waiting = asyncio.create_task(take(slots, 5))
        await turn()
        if granted:
            slots.put_slot()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if not granted:
            slots.put_slot()
        await take(slots, 0.01)

    asyncio.run(main())


def test_a_wait_that_is_cancelled_when_its_time_has_ended_gives_no_slot_away() -> None:
    """Nothing was granted to it, so nothing is put back."""

    async def main() -> None:
        slots = LoopConnections(1)
        await take(slots, 5)
        waiting = asyncio.create_task(take(slots, 0.001))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.002, waiting.cancel)
        time.sleep(0.01)  # noqa: ASYNC251 - so that both are due in the loop's next round
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert slots.free_slots == 0

    asyncio.run(main())


def test_a_slot_given_at_the_end_of_its_time_is_taken() -> None:
    """When a slot comes in the very round in which the time ends, the first of the two counts."""

    async def main() -> None:
        slots = LoopConnections(1)
        await take(slots, 5)
        asyncio.get_running_loop().call_later(0.001, slots.put_slot)
        waiting = asyncio.create_task(take(slots, 0.002))
        await asyncio.sleep(0)
        time.sleep(0.01)  # noqa: ASYNC251 - so that both are due in the loop's next round
        await waiting

    asyncio.run(main())


def test_each_event_loop_has_slots_of_its_own() -> None:
    """Loops do not wait for each other, and those that have ended are forgotten."""
    every = AsyncHttpTransport(max_connections=1)

    async def main() -> LoopConnections:
        slots = every._current()
        assert every._current() is slots
        await take(slots, 0.01)
        return slots

    first, second = asyncio.run(main()), asyncio.run(main())
    assert first is not second
    assert len(every._by_loop) == 1


def test_a_thread_slot_whose_holder_was_lost_comes_back() -> None:
    """An exception of a signal handler may come between the taking and the first step that could give it back."""
    slots = ThreadSlots(1)
    slots.put(slots.take(1e20))  # The longest deadline is no error.
    slot = slots.take(5)
    with pytest.raises(TransportFailure):
        slots.take(0.01)
    del slot
    slots.put(slots.take(5))
    slot = slots.take(5)
    del slots
    del slot  # no waiter is left


def test_without_a_limit_nothing_waits() -> None:
    """Threads and tasks alike."""
    slots = ThreadSlots(None)
    assert [slots.take(0.0) for _ in range(100)] == [None] * 100
    slots.put(None)

    async def main() -> None:
        unlimited = LoopConnections(None)
        for _ in range(100):
            await take(unlimited, 0)

    asyncio.run(main())
