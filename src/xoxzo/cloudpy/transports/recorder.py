"""Transports that record exchanges, and transports that answer from a recording.

A recording can be stored beside tests: numbers in it are fictitious, texts, codes and whatever else is not known to be
harmless are removed, and credentials are never written. What a program gets while it records is not changed.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import (
    AsyncCompleteResponse,
    AsyncStreamedResponse,
    AsyncTransport,
    CompleteResponse,
    Phase,
    Progress,
    Request,
    StreamedResponse,
    TimeBudget,
    Transport,
    TransportFailure,
)
from xoxzo.cloudpy.transports.redaction import HIDDEN, HIDDEN_ID, Redaction, is_number, path_segments

_TITLE = b'{"xoxzo_recording":1}\n'


class Failure(msgspec.Struct, frozen=True):
    """A ``TransportFailure`` as it is stored."""

    reason: str
    timeout: Phase | None = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and what became of it, without anything secret."""

    method: str
    path: str
    """Without host and query."""
    asked: dict[str, str] = {}
    """The names of the request's fields; their values only where they are numbers, and replaced."""
    write_started: bool = True
    status: int | None = None
    """``None`` when no answer came."""
    headers: dict[str, str] = {}
    body: str = ""
    """As far as it was read."""
    failure: Failure | None = None
    """Why there is no answer, or why its body is incomplete."""

    def __post_init__(self) -> None:
        if self.status is None and self.failure is None:
            raise ValueError("neither an answer nor a failure")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def answers(self, request: Request) -> bool:
        """Whether this is what was recorded for such a request: the same method and path, the query left aside."""
        segments = self.path.split("/"), path_segments(request.url)
        return (self.method, len(segments[0])) == (request.method, len(segments[1])) and all(
            # A removed segment stands for any.
            recorded in {requested, HIDDEN}
            or recorded.startswith(HIDDEN_ID)
            or (is_number(recorded) and is_number(requested))
            for recorded, requested in zip(*segments, strict=True)
        )


class Writer:
    """Writes exchanges to a new file that only its owner can read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._aliases: dict[str, str] = {}
        self._lock = threading.Lock()
        self._write(_TITLE, append=False)

    def write(
        self,
        request: Request,
        progress: Progress,
        reply: StreamedResponse | AsyncStreamedResponse | None = None,
        body: bytes = b"",
        error: BaseException | None = None,
    ) -> None:
        """Write an exchange with the error that ended it; nothing where no answer came and the network did not fail."""
        if isinstance(error, asyncio.CancelledError):
            # So a deadline reaches an asynchronous transport.
            error = TransportFailure("cancelled", timeout="deadline")
        if reply is None and not isinstance(error, TransportFailure):
            return
        with self._lock:
            redaction = Redaction(request, self._aliases)
            failure = None
            if isinstance(error, TransportFailure):
                failure = Failure(redaction.reason(error.reason), error.timeout)
            exchange = Exchange(
                method=request.method,
                path=redaction.path(),
                asked=redaction.request_fields(),
                write_started=progress.write_started,
                status=None if reply is None else reply.status,
                headers={} if reply is None else redaction.headers(reply.headers),
                body=redaction.reply(body),
                failure=failure,
            )
            self._write(msgspec.json.encode(exchange) + b"\n", append=True)

    def _write(self, data: bytes, *, append: bool) -> None:
        # Opened for each line, so that there is nothing to close, and nothing that a fork could share.
        with os.fdopen(open_private(self._path, append=append), "wb") as file:
            file.write(data)


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
            self._writer.write(request, progress, error=error)
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
            self._writer.write(request, progress, error=error)
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
        self._error: BaseException | None = None
        self.status: int = reply.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return self._reply.headers

    def _write(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.write(self._request, self._progress, self._reply, bytes(self._body), self._error)


class RecordedReply(_BaseRecordedReply["StreamedResponse"]):
    """An answer that is recorded while it is read."""

    def read(self, budget: TimeBudget) -> bytes:
        """Return the next piece of the body, ``b""`` at its end; raise ``TransportFailure``."""
        try:
            piece = self._reply.read(budget)
        except BaseException as error:
            self._error = error
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
            self._error = error
            raise
        self._body += piece
        return piece

    async def close(self) -> None:
        """Close the answer and write the exchange down."""
        await self._reply.close()
        self._write()


class Replayer:
    """Answers from a recording, without any network: requests of one method and path in the order of the recording.

    A recorded failure is raised again, with the same facts about the request.

    Args:
        path: the file that a ``Recorder`` or an ``AsyncRecorder`` wrote.

    Raises:
        ConfigurationError: the file is no recording.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._left: list[Exchange] = []
        self._lock = threading.Lock()
        lines = Path(path).read_bytes().splitlines(keepends=True)
        if not lines or lines[0] != _TITLE:
            raise ConfigurationError("this file is not a recording of xoxzo.cloudpy")
        for number, line in enumerate(lines[1:], 2):
            try:
                self._left.append(msgspec.json.decode(line, type=Exchange))
            except msgspec.MsgspecError:
                raise ConfigurationError("line {number} of the recording cannot be read", number=number) from None

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> CompleteResponse:  # noqa: ARG002 - no waits
        """Return the next answer that was recorded for such a request.

        Raises:
            ConfigurationError: there is none; it says what was expected.
            TransportFailure: as it was recorded.
        """
        return CompleteResponse(*self._replay(request, progress))

    def _replay(
        self, request: Request, progress: Progress
    ) -> tuple[int, Mapping[str, str], bytes, TransportFailure | None]:
        """Return the arguments of a response; raise the failure of a request that had none."""
        exchange = self._take(request)
        progress.write_started = exchange.write_started
        stored = exchange.failure
        failure = None if stored is None else TransportFailure(stored.reason, timeout=stored.timeout)
        if exchange.status is None and failure is not None:
            raise failure
        return exchange.status or 0, exchange.headers, exchange.body.encode(), failure

    def _take(self, request: Request) -> Exchange:
        with self._lock:
            for index, exchange in enumerate(self._left):
                if exchange.answers(request):
                    return self._left.pop(index)
        expected = f"expected next: {self._left[0]}" if self._left else "nothing more was recorded"
        raise ConfigurationError(
            "the recording has no answer left for {method} {asked}; {expected}",
            method=request.method,
            asked=Redaction(request, {}).path(),
            expected=expected,
        )

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class AsyncReplayer(Replayer):
    """The asynchronous twin of ``Replayer``, with the same argument."""

    async def send(  # type: ignore[override]
        self,
        request: Request,
        budget: TimeBudget,  # noqa: ARG002 - no waits
        progress: Progress,
    ) -> AsyncCompleteResponse:
        """Return the next answer that was recorded for such a request, as ``Replayer`` does."""
        return AsyncCompleteResponse(*self._replay(request, progress))

    async def close(self) -> None:  # type: ignore[override]
        """Do nothing: there is nothing to close."""
