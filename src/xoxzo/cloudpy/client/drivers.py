"""Run the steps of the flow: one driver for threads, one for asyncio. All decisions are the flow's."""

from __future__ import annotations

import logging
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from xoxzo.cloudpy.client import event_hooks
from xoxzo.cloudpy.client.flow import MAX_RECORD_BYTES, CallState, Notify, Outcome, Send, Sleep, Start, Step, flow
from xoxzo.cloudpy.client.results import RawResponse
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.operations.bodies import DecodingError
from xoxzo.cloudpy.operations.content_coding import Decoder
from xoxzo.cloudpy.operations.json_array import ArraySplitter
from xoxzo.cloudpy.protocols import Response, TransportFailure

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
    from types import GeneratorType

    from xoxzo.cloudpy.client.settings import Settings
    from xoxzo.cloudpy.operations.operation import Listing, Operation
    from xoxzo.cloudpy.protocols import (
        AsyncStreamedResponse,
        AsyncTransport,
        Fetcher,
        StreamedResponse,
        TimeBudget,
        Transport,
    )

T = TypeVar("T")
AnyTransport = TypeVar("AnyTransport")


class TransportHolder(Generic[AnyTransport]):
    """Holds the transport of a client and its copies, and makes it at the first call.

    A transport that is given is closed by the one who made it. `discard` is called with one that ``make`` made, if the
    last client that uses it is dropped unclosed. A copy of the client in another process makes one with the `options`.
    """

    def __init__(
        self,
        make: Callable[[], AnyTransport],
        given: AnyTransport | None = None,
        *,
        discard: Callable[[AnyTransport], None],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.options = dict(options or {})
        self._make = make
        self._discard = discard
        self._lock = threading.Lock()
        self.transport = given
        self.owned = given is None
        self.closed = False

    def get(self) -> AnyTransport:
        """Return the transport; raise ``ConfigurationError`` if the client is closed."""
        if self.closed:
            raise ConfigurationError("this client is closed: make a new one")
        return self.transport or self._open()

    def _open(self) -> AnyTransport:
        with self._lock:
            # Another thread may have made it meanwhile.
            self.transport = self.transport or self._make()
            return self.transport

    def release(self) -> AnyTransport | None:
        """Mark the client as closed and return the transport to close, if ``make`` made one."""
        self.closed = True
        transport, self.transport = self.transport, None
        return transport if self.owned else None

    def __del__(self) -> None:
        transport = self.release()
        if transport is not None:
            self._discard(transport)


def discard_sync(transport: Transport) -> None:
    """Close the transport of a client that was dropped unclosed, and warn of it."""
    transport.close()
    _warn_unclosed()


def discard_async(transport: AsyncTransport) -> None:
    """Warn that a client was dropped unclosed. Closing its connections would need an event loop."""
    del transport
    _warn_unclosed()


def _warn_unclosed() -> None:
    if sys.is_finalizing():
        # The program has ended, and with it every connection. A warning would be shown as an ignored exception.
        return
    warnings.warn("unclosed Xoxzo client: use it in a `with` statement, or close it", ResourceWarning, stacklevel=4)


class _BaseDriver(Generic[AnyTransport]):
    """What both drivers have alike."""

    clock = staticmethod(time.monotonic)
    """Returns monotonic seconds, for waits between calls."""

    def __init__(self, holder: TransportHolder[AnyTransport], settings: Settings) -> None:
        self.holder = holder
        self.settings = settings

    def _begin(self, operation: Operation[T]) -> CallState:
        return CallState(operation, self.settings)


class Driver(_BaseDriver["Transport"]):
    """Makes calls in the calling thread. Threads may share one driver."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def call(self, operation: Operation[T]) -> T:
        """Carry out an operation and return what it reads; raise an :class:`~xoxzo.cloudpy.errors.APIError`."""
        return cast("T", self._run(self._begin(operation)))

    def stream(self, listing: Listing[T]) -> Iterator[T]:
        """Carry out a listing at the first step and yield its records as they arrive.

        Only waits for the server count against the deadline, not the time that the caller takes between two records.
        """
        state = self._begin(listing)
        budget = state.budget
        reply = cast("StreamedResponse", cast("Response", self._run(state)).reply)
        splitter = ArraySplitter()
        try:
            decoder = Decoder(reply.headers)
            while piece := reply.read(budget):
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
            reply.close()

    def _run(self, state: CallState) -> object:
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
                        outcome = exchange(self.holder.get(), step)
                    elif isinstance(step, Sleep):
                        self.sleep(step.seconds)
                    else:
                        outcome = _call_hooks(step, self.settings)
            except StopIteration as done:
                return done.value
            except TransportFailure as failure:
                outcome = failure
            except BaseException as error:
                if steps.gi_frame is None:
                    raise
                interruption = error


def _call_hooks(step: Start | Notify, settings: Settings) -> Outcome:
    if isinstance(step, Start):
        return event_hooks.start(step.event, settings)
    step.begun = True
    event_hooks.notify(step.event, settings)
    return None


class _WithResponse(_BaseDriver[AnyTransport]):
    """Holds the last call for its response."""

    state: CallState | None = None

    def _begin(self, operation: Operation[T]) -> CallState:
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


class RawResponseDriver(_WithResponse["Transport"], Driver):
    """A driver for one call that returns its raw response as well."""


def exchange(transport: Transport, step: Send, limit: int | None = MAX_RECORD_BYTES) -> Response:
    """Send one request and read its response, at most `limit` bytes of a body that is not streamed.

    Raises:
        TransportFailure: no response came. A response that breaks off after its head is returned with ``cut`` set.
    """
    reply = transport.send(step.request, step.budget, step.progress)
    if step.streamed and 200 <= reply.status < 300:
        return Response(reply.status, reply.headers, reply=reply)
    body = bytearray()
    cut, too_long = None, False
    try:
        while not too_long and (piece := reply.read(step.budget)):
            body += piece
            too_long = limit is not None and len(body) > limit
    except TransportFailure as failure:
        cut = failure
    finally:
        reply.close()
    return Response(reply.status, reply.headers, bytes(body), cut, too_long)


class AsyncDriver(_BaseDriver["AsyncTransport"]):
    """Makes calls in the running event loop of asyncio. Tasks and event loops may share one driver."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        import asyncio

        await asyncio.sleep(seconds)

    def call(self, operation: Operation[T]) -> Coroutine[Any, Any, T]:
        """Carry out an operation and return what it reads; raise an :class:`~xoxzo.cloudpy.errors.APIError`."""
        # Neither this nor `_exchange` is a coroutine: several nested ones per send are measurably slower.
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
            while piece := await _within(budget, reply.read(budget)):
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
                        outcome = await _exchange(self.holder.get(), step)
                    elif isinstance(step, Sleep):
                        await self.sleep(step.seconds)
                    else:
                        outcome = _call_hooks(step, self.settings)
            except StopIteration as done:
                return done.value
            except TransportFailure as failure:
                outcome = failure
            except BaseException as error:
                if steps.gi_frame is None:
                    raise
                interruption = error


class AsyncRawResponseDriver(_WithResponse["AsyncTransport"], AsyncDriver):
    """An asynchronous driver for one call that returns its raw response as well."""


def _exchange(transport: AsyncTransport, step: Send) -> Coroutine[Any, Any, Response]:
    fetch = None if step.streamed else cast("Fetcher | None", getattr(transport, "fetch", None))
    if fetch is None:
        return _send_and_read(transport, step)
    return fetch(step.request, step.budget, step.progress, MAX_RECORD_BYTES)


async def _send_and_read(transport: AsyncTransport, step: Send) -> Response:
    import asyncio  # the caller's event loop has imported it already; a client for threads does not need it

    budget = step.budget
    reply = None
    body = bytearray()
    cut, too_long = None, False
    # A single timeout: one for each wait costs more than the rest of this function.
    limit = asyncio.timeout(budget.remaining())
    try:
        async with limit:
            reply = await transport.send(step.request, budget, step.progress)
            if step.streamed and 200 <= reply.status < 300:
                return Response(reply.status, reply.headers, reply=reply)
            while not too_long and (piece := await reply.read(budget)):
                body += piece
                too_long = len(body) > MAX_RECORD_BYTES
    except BaseException as error:
        cut = _failure_of(error, limit)
        if cut is None or reply is None:
            if reply is not None:
                await reply.close()
            if cut is None or cut is error:
                raise
            raise cut from None
    await reply.close()
    return Response(reply.status, reply.headers, bytes(body), cut, too_long)


async def _within(budget: TimeBudget, waiting: Coroutine[Any, Any, T]) -> T:
    import asyncio

    limit = asyncio.timeout(budget.remaining())
    try:
        async with limit:
            return await waiting
    except TimeoutError as error:
        failure = _failure_of(error, limit)
        if failure is None:
            raise
        raise failure from None


def _failure_of(error: BaseException, limit: asyncio.Timeout) -> TransportFailure | None:
    """Return the failure that an exception means; ``None`` for an exception that must pass through unchanged.

    A TimeoutError comes from our timeout only if that has expired: a signal handler may raise one, too.
    """
    if isinstance(error, TimeoutError) and limit.expired():
        return TransportFailure("the deadline passed", timeout="deadline")
    return error if isinstance(error, TransportFailure) else None
