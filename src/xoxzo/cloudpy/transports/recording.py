"""The file of a recording: what writes exchanges to it, and what finds the recorded answers."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from xoxzo.cloudpy.common.user_files import open_private
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import AsyncStreamedResponse, Phase, Progress, Request, StreamedResponse, TransportFailure
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


class Recording:
    """The exchanges of a file that are not answered yet. See `Replayer`."""

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

    def replay(
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
