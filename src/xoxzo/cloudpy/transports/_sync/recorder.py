# Written by scripts/unasync.py from ../_async: change it there.
"""A transport that records exchanges, and one that answers from a recording."""

from __future__ import annotations

import os
from collections.abc import Mapping

from xoxzo.cloudpy import protocols
from xoxzo.cloudpy.protocols import StreamedResponse, Progress, Request, TimeBudget
from xoxzo.cloudpy.transports.recording import Recording, Writer


class Recorder:
    """Carries requests by another transport and records each exchange when its answer is closed.

    Args:
        inner: carries the requests; closed with this one.
        path: the file; an existing one is replaced. Only its owner may read it.
    """

    def __init__(self, inner: protocols.Transport, path: str | os.PathLike[str]) -> None:
        self._inner = inner
        self._writer = Writer(path)

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


class RecordedReply:
    """An answer that is recorded while it is read, and written when it is closed for the first time."""

    def __init__(self, reply: StreamedResponse, writer: Writer, request: Request, progress: Progress) -> None:
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
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.write(self._request, self._progress, self._reply, bytes(self._body), self._error)


class Replayer:
    """Answers from a recording, without any network: requests of one method and path in the order of the recording.

    A recorded failure is raised again, with the same facts about the request.

    Args:
        path: the file that a recorder wrote, for threads or for asyncio.

    Raises:
        ConfigurationError: the file is no recording.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._recording = Recording(path)

    def send(
        self,
        request: Request,
        budget: TimeBudget,  # noqa: ARG002 - no waits
        progress: Progress,
    ) -> protocols.CompleteResponse:
        """Return the next answer that was recorded for such a request.

        Raises:
            ConfigurationError: there is none; it says what was expected.
            TransportFailure: as it was recorded.
        """
        return protocols.CompleteResponse(*self._recording.replay(request, progress))

    def close(self) -> None:
        """Do nothing: there is nothing to close."""
