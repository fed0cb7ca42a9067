"""Carry out the steps of the flow, which decides; the base of the resources; and polling a record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from types import GeneratorType
from typing import Any, TypeVar, cast

from xoxzo.cloudpy.client import event_hooks
from xoxzo.cloudpy.client.event_hooks import Start
from xoxzo.cloudpy.client.flow import MAX_RECORD_BYTES, CallState, Outcome, Send, Sleep, Step, flow
from xoxzo.cloudpy.client.results import RawResponse
from xoxzo.cloudpy.client.settings import Settings
from xoxzo.cloudpy.client.transport_holder import TransportHolder, deadline_async
from xoxzo.cloudpy.errors import ConfigurationError, RateLimited, TimedOut
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.operations.operation import Listing, Operation
from xoxzo.cloudpy.operations.streaming import ArraySplitter, Decoder
from xoxzo.cloudpy.protocols import AsyncStreamedResponse, AsyncTransport, Response, TransportFailure

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 15.0


class AsyncDriver:
    """Makes the calls of a client, and may be shared as the client may be."""

    clock = staticmethod(time.monotonic)
    """Returns monotonic seconds, for waits between calls."""

    def __init__(self, holder: TransportHolder[AsyncTransport], settings: Settings) -> None:
        self.holder = holder
        self.settings = settings

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def call(self, operation: Operation[T]) -> Coroutine[Any, Any, T]:
        """Carry out an operation and return what it reads; raise an :class:`~xoxzo.cloudpy.errors.APIError`."""
        # On asyncio neither this nor `_exchange` is a coroutine: several nested ones per send are measurably slower.
        return cast("Coroutine[Any, Any, T]", self._run(self._begin(operation)))

    async def stream(self, listing: Listing[T]) -> AsyncIterator[T]:
        """Carry out a listing at the first step and yield its records as they arrive.

        Only waits for the server count against the deadline, not the time that the caller takes between two records.
        """
        state = self._begin(listing)
        budget = state.budget
        reply = cast("AsyncStreamedResponse", cast("Response", await self._run(state)).reply)
        splitter = ArraySplitter()
        try:
            decoder = Decoder(reply.headers)
            while True:
                async with deadline_async(budget):
                    piece = await reply.read(budget)
                if not piece:
                    break
                left = budget.remaining()
                for decoded in decoder.feed(piece):
                    for element in splitter.feed(decoded):
                        yield listing.read(element)
                budget.expires_at = budget.clock() + left
            decoder.finish()
            splitter.finish()
        except TransportFailure as failure:
            raise state.failed(failure, write_started=True) from failure
        except DecodingError as unreadable:
            raise state.unreadable(str(unreadable), unreadable) from unreadable
        finally:
            await reply.close()

    def _begin(self, operation: Operation[Any]) -> CallState:
        return CallState(operation, self.settings)

    async def _run(self, state: CallState) -> object:
        steps = cast("GeneratorType[Step, Outcome, Any]", flow(state))
        state.observed = bool(self.settings.event_hooks) or event_hooks.logger.isEnabledFor(logging.INFO)
        outcome: Outcome = None
        interruption: BaseException | None = None
        while True:
            try:
                # A signal handler may raise between two steps as well, so the whole loop is inside this block.
                while True:
                    step = steps.send(outcome) if interruption is None else steps.throw(interruption)
                    outcome = interruption = None
                    if isinstance(step, Send):
                        transport = self.holder.transport
                        outcome = await _exchange(self.holder.open() if transport is None else transport, step)
                    elif isinstance(step, Sleep):
                        await self.sleep(step.seconds)
                    elif isinstance(step, Start):
                        outcome = event_hooks.start(step, self.settings)
                    else:
                        event_hooks.notify(step, self.settings)
            except StopIteration as done:
                return done.value
            except TransportFailure as failure:
                outcome = failure
            except BaseException as error:
                if steps.gi_frame is None:
                    raise
                interruption = error


class AsyncRawResponseDriver(AsyncDriver):
    """A driver for one call that returns its raw response as well."""

    state: CallState | None = None

    def _begin(self, operation: Operation[Any]) -> CallState:
        self.state = super()._begin(operation)
        return self.state

    def response(self, value: T) -> RawResponse[T]:
        """Return the response of the last call with its value; raise ``ConfigurationError`` if there was no call."""
        if self.state is None or self.state.received is None:
            raise ConfigurationError("no request was made: a listing makes its own at its first step")
        received = self.state.received
        return RawResponse(
            value=value,
            status=received.status,
            headers=dict(received.headers),
            body=received.body,
            request_id=self.state.request_id,
            attempts=self.state.attempts,
        )


def _exchange(transport: AsyncTransport, step: Send) -> Coroutine[Any, Any, Response]:
    fetch: Callable[..., Coroutine[Any, Any, Response]] | None = getattr(transport, "fetch", None)
    if fetch is None or step.streamed:
        return exchange(transport, step)
    # Whose `send` was replaced alone, in a subclass or in a test, must not be passed by with the `fetch` of its base.
    places = (getattr(transport, "__dict__", {}), *map(vars, type(transport).__mro__))
    if "fetch" not in next((names for names in places if "send" in names or "fetch" in names), {}):
        return exchange(transport, step)
    return fetch(step.request, step.budget, step.progress, MAX_RECORD_BYTES)


async def exchange(transport: AsyncTransport, step: Send, limit: int | None = MAX_RECORD_BYTES) -> Response:
    """Send one request and read its response, at most `limit` bytes of a body that is not streamed.

    ``TransportFailure`` if no response came. One that breaks off after its head is returned with ``cut`` set.
    """
    reply, cut, too_long = None, None, False
    body = bytearray()
    try:
        async with deadline_async(step.budget):
            reply = await transport.send(step.request, step.budget, step.progress)
            if step.streamed and 200 <= reply.status < 300:
                return Response(reply.status, reply.headers, reply=reply)
            while not too_long and (piece := await reply.read(step.budget)):
                body += piece
                too_long = limit is not None and len(body) > limit
    except BaseException as error:
        if reply is None:
            raise
        if not isinstance(error, TransportFailure):
            await reply.close()
            raise
        cut = error
    await reply.close()
    return Response(reply.status, reply.headers, bytes(body), cut, too_long)


class AsyncResource:
    """Some of the client's methods, which make their calls through the client's driver."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver


async def poll(
    driver: AsyncDriver, operation: Operation[T], is_final_record: Callable[[T], bool], *, name: str, timeout: float
) -> T:
    """Repeat a read until the record is done.

    The pauses grow from 1 to 15 seconds; after a 429 the pause is the one that the server asks for. The read must never
    be the list of sent messages, whose rate limit is far lower (API section 1.6). `timeout` is the limit of all of it,
    in seconds. Then a `TimedOut` of phase ``deadline`` names the operation `name` and has the ``last_record``.
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
            if is_final_record(record):
                return record
        except RateLimited as throttled:
            next_pause = max(pause, throttled.retry_after or 0.0)
        if driver.clock() + next_pause > expires_at:
            error = TimedOut("deadline", operation=name, attempts=reads)
            error.last_record = record
            raise error
        await driver.sleep(next_pause)
        pause = min(_MAX_PAUSE_SECONDS, pause * 1.5)
