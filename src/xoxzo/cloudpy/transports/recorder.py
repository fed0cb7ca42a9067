"""Transports that record exchanges, and transports that answer from a recording.

A recording can be stored beside tests: numbers in it are fictitious, texts, codes and whatever else is not known to be
harmless are removed, and credentials are never written. What a program gets while it records is not changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from xoxzo.cloudpy.protocols import AsyncCompleteResponse, CompleteResponse
from xoxzo.cloudpy.transports.recording import Reader, Writer, as_failure

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from xoxzo.cloudpy.protocols import (
        AsyncStreamedResponse,
        AsyncTransport,
        Progress,
        Request,
        StreamedResponse,
        TimeBudget,
        Transport,
        TransportFailure,
    )

Inner = TypeVar("Inner", bound="Transport | AsyncTransport")
Reply = TypeVar("Reply", bound="StreamedResponse | AsyncStreamedResponse")


class _BaseRecorder(Generic[Inner]):
    def __init__(self, inner: Inner, path: str | os.PathLike[str]) -> None:
        self._inner = inner
        self._writer = Writer(path)


class Recorder(_BaseRecorder["Transport"]):
    """Carries requests by another transport and records each exchange when its answer is closed.

    Args:
        inner: carries the requests; closed with this one.
        path: the file; an existing one is replaced. Only its owner may read it.
    """

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> RecordedReply:
        """Send one request; raise what the other transport raises."""
        try:
            reply = self._inner.send(request, budget, progress)
        except BaseException as error:
            self._writer.lost(request, progress, error)
            raise
        return RecordedReply(reply, self._writer, request, progress)

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


class AsyncRecorder(_BaseRecorder["AsyncTransport"]):
    """The asynchronous twin of ``Recorder``, with the same arguments."""

    async def send(self, request: Request, budget: TimeBudget, progress: Progress) -> AsyncRecordedReply:
        """Send one request; raise what the other transport raises."""
        try:
            reply = await self._inner.send(request, budget, progress)
        except BaseException as error:
            self._writer.lost(request, progress, error)
            raise
        return AsyncRecordedReply(reply, self._writer, request, progress)

    async def close(self) -> None:
        """Close the other transport."""
        await self._inner.close()


class _BaseRecordedReply(Generic[Reply]):
    """An answer that is recorded while it is read, and written when it is closed for the first time."""

    def __init__(self, reply: Reply, writer: Writer, request: Request, progress: Progress) -> None:
        self._reply = reply
        self._writer: Writer | None = writer
        self._request = request
        self._progress = progress
        self._body = bytearray()
        self._failure: TransportFailure | None = None
        self.status: int = reply.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return self._reply.headers

    def _write(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.write(
                self._request,
                self._progress,
                status=self.status,
                headers=self.headers,
                body=bytes(self._body),
                failure=self._failure,
            )


class RecordedReply(_BaseRecordedReply["StreamedResponse"]):
    """An answer that is recorded while it is read."""

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            piece = self._reply.read(budget)
        except BaseException as error:
            self._failure = as_failure(error)
            raise
        self._body += piece
        return piece

    def close(self) -> None:
        """Close the answer and write the exchange down."""
        self._reply.close()
        self._write()


class AsyncRecordedReply(_BaseRecordedReply["AsyncStreamedResponse"]):
    """An answer that is recorded while it is read."""

    async def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            piece = await self._reply.read(budget)
        except BaseException as error:
            self._failure = as_failure(error)
            raise
        self._body += piece
        return piece

    async def close(self) -> None:
        """Close the answer and write the exchange down."""
        await self._reply.close()
        self._write()


class Replayer:
    """Answers from a recording, without any network: requests of one method and path in the order of the recording.

    A recorded failure is raised again, and says of the request what it said then.

    Args:
        path: the file that a ``Recorder`` or an ``AsyncRecorder`` wrote.

    Raises:
        ConfigurationError: the file is no recording.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._reader = Reader(path)

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> CompleteResponse:  # noqa: ARG002 - no waits
        """Return the next answer that was recorded for such a request.

        Raises:
            ConfigurationError: there is none; it says what was expected.
            TransportFailure: as it was recorded.
        """
        return CompleteResponse(*_replay(self._reader, request, progress))

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class AsyncReplayer:
    """The asynchronous twin of ``Replayer``, with the same argument."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._reader = Reader(path)

    async def send(
        self,
        request: Request,
        budget: TimeBudget,  # noqa: ARG002 - no waits
        progress: Progress,
    ) -> AsyncCompleteResponse:
        """Return the next answer that was recorded for such a request, as ``Replayer`` does."""
        return AsyncCompleteResponse(*_replay(self._reader, request, progress))

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _replay(
    reader: Reader, request: Request, progress: Progress
) -> tuple[int, Mapping[str, str], bytes, TransportFailure | None]:
    """Return the arguments of a response; raise the failure of a request that had none."""
    exchange = reader.take(request)
    progress.write_started = exchange.write_started
    failure = None if exchange.failure is None else exchange.failure.again()
    if exchange.status is None and failure is not None:
        raise failure
    return exchange.status or 0, exchange.headers, exchange.body.encode(), failure
