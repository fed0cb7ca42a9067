"""Many commands as real processes, in terminals and pipes, that have not to load Python and its libraries each time."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from terminal import PATIENCE, Done, Terminal, environment, resize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Forked:
    """A command that was forked from the one that has loaded everything; `Terminal` takes it for a process."""

    def __init__(self, reported: int) -> None:
        self._reports = reported
        self._text = b""
        self._status: int | None = None
        self._read(1)
        self.pid = int(self._text.split()[0])

    def _read(self, lines: int) -> None:
        while self._text.count(b"\n") < lines:
            ready, _, _ = select.select([self._reports], [], [], PATIENCE)
            assert ready, "the command does not end"
            piece = os.read(self._reports, 100)
            assert piece, "the command's keeper has gone"
            self._text += piece

    def wait(self, _timeout: float | None = None) -> int:
        """Wait until it has ended; return its status."""
        if self._status is None:
            self._read(2)
            self._status = int(self._text.split()[1])
        return self._status

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipe that reports of it."""
        os.close(self._reports)


class Ready:
    """Runs commands; use it in a `with` statement."""

    def __enter__(self) -> Self:
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = str(Path(__file__).with_name("fork_server.py"))
        with other:
            self._process = subprocess.Popen(
                [sys.executable, script, str(other.fileno())], pass_fds=[other.fileno()], env=_unmeasured({})
            )
        return self

    def __exit__(self, *_exc: object) -> None:
        self._channel.close()
        self._process.wait(PATIENCE)

    def in_pipe(self, *arguments: str, text: str | None = None, cwd: Path, **changes: str) -> Done:
        """Run a command to its end with nothing but pipes; what it writes has to fit into them."""
        out, err, status = self.with_output("pipe", *arguments, text=text, cwd=cwd, **changes)
        return Done(out.decode(), err.decode(), status)

    def with_output(
        self, output: str, *arguments: str, text: str | None = None, cwd: Path, **changes: str
    ) -> tuple[bytes, bytes, int]:
        """Run a command to its end with an output of one kind, and return what it wrote and its status.

        Args:
            output: ``pipe``; ``full``: a full disk behind standard output; ``no reader``: the reader of standard output
                has gone; ``no stdout`` or ``no stderr``: a descriptor that was closed before the start.
            arguments: of the command.
            text: its standard input.
            cwd: where it runs.
            changes: of its environment.
        """
        (out, their_out), (err, their_err), (words, keyboard) = os.pipe(), os.pipe(), os.pipe()
        os.write(keyboard, (text or "").encode())
        os.close(keyboard)
        if output == "full":
            os.close(their_out)
            their_out = os.open("/dev/full", os.O_WRONLY)
        elif output == "no reader":
            os.close(out)
            out = os.open(os.devnull, os.O_RDONLY)
        closed = [output.removeprefix("no ")] if output in {"no stdout", "no stderr"} else []
        streams = (words, their_out, their_err)
        command = self._start(arguments, cwd, changes, streams, terminal=False, closed=closed)
        status = command.wait()
        command.close()
        written = []
        for end in (out, err):
            with os.fdopen(end, "rb") as file:
                written.append(file.read())
        return written[0], written[1], status

    @contextmanager
    def in_terminal(
        self, *arguments: str, columns: int = 100, lines: int = 100, cwd: Path, **changes: str
    ) -> Iterator[Terminal]:
        """Run a command in a pseudo-terminal; it is ended with the block, if it has not ended before."""
        leader, follower = pty.openpty()
        resize(follower, columns, lines)
        streams = (follower, os.dup(follower), os.dup(follower))
        command = self._start(arguments, cwd, changes, streams, terminal=True)
        try:
            yield Terminal(command, leader, columns, lines)
        finally:
            command.kill()
            command.wait()
            command.close()
            os.close(leader)

    def _start(
        self,
        arguments: tuple[str, ...],
        cwd: Path,
        changes: dict[str, str],
        streams: tuple[int, ...],
        *,
        terminal: bool,
        closed: Sequence[str] = (),
    ) -> Forked:
        reported, reporting = os.pipe()
        variables = _unmeasured(changes)
        asked = {"arguments": arguments, "cwd": str(cwd), "environment": variables, "terminal": terminal}
        asked["closed"] = closed
        socket.send_fds(self._channel, [json.dumps(asked).encode()], [reporting, *streams])
        for descriptor in (reporting, *streams):
            os.close(descriptor)
        return Forked(reported)


def _unmeasured(changes: dict[str, str]) -> dict[str, str]:
    # What these commands run is measured by other tests: to begin and end a measurement takes longer than a command.
    return {name: value for name, value in environment(changes).items() if not name.startswith("COVERAGE_")}
