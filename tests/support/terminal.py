"""Commands as real processes: in a pseudo-terminal with a screen that can be read, and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pyte
from wcwidth import wcwidth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyte.screens import Char

XOXZO = str(Path(sys.executable).with_name("xoxzo"))
PATIENCE = 60.0
ENGLISH = {"LC_ALL": "C.UTF-8"}
JAPANESE = {"LC_ALL": "ja_JP.UTF-8"}
_FORGOTTEN = ("XOXZO_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "LC_", "LANG", "TERM")
_STYLES = ("bold", "italics", "underscore", "reverse")


class Done(NamedTuple):
    """What a command in a pipe wrote, and how it ended."""

    out: str
    err: str
    status: int


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without the variables of the terminal and of the language, and with changes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FORGOTTEN) or name.startswith("XOXZO_TESTS_")
    }
    return {**kept, "TERM": "xterm-256color", **ENGLISH, **changes}


def in_pipe(
    *arguments: str, text: str | None = None, cwd: Path | None = None, command: str = XOXZO, **changes: str
) -> Done:
    """Run a command to its end with nothing but pipes.

    Args:
        arguments: of the command.
        text: its standard input; by default there is none.
        cwd: where it runs.
        command: the program.
        changes: of its environment.
    """
    done = subprocess.run(
        [command, *arguments],
        input=text or "",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE,
        cwd=cwd,
        env=environment(changes),
    )
    return Done(done.stdout, done.stderr, done.returncode)


class Process(Protocol):
    """A command that runs."""

    def wait(self, timeout: float | None = None, /) -> int: ...


class Terminal:
    """A command in a pseudo-terminal: what its screen shows, and a keyboard.

    Args:
        process: the command.
        leader: our end of the pseudo-terminal.
        columns: its width.
        lines: its height.
    """

    def __init__(self, process: Process, leader: int, columns: int, lines: int) -> None:
        self.process = process
        self.written = b""
        self._leader = leader
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._open = True

    def type(self, text: str) -> None:
        """Press keys; a carriage return is Enter, the character 3 is Ctrl-C."""
        os.write(self._leader, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until the screen shows a text."""
        self._read_until(lambda: text in self.screen, f"{text!r} did not come")

    def wait_until(self, pattern: str) -> None:
        """Read until the screen shows what a regular expression finds."""
        self._read_until(lambda: re.search(pattern, self.screen) is not None, f"{pattern!r} did not come")

    def end(self) -> int:
        """Read until the command has ended; return its status."""
        self._read_until(lambda: not self._open, "the command did not end")
        return self.process.wait(PATIENCE)

    @property
    def screen(self) -> str:
        """What the screen shows, without the blanks at the ends of lines and the empty lines at its end."""
        return "\n".join(_text(line).rstrip() for line in self.cells).rstrip("\n")

    @property
    def coloured(self) -> str:
        """The same with marks where colours and styles begin and end, such as ``[red bold]…[/]``."""
        return "\n".join(_marked(line).rstrip() for line in self.cells).rstrip("\n")

    @property
    def cells(self) -> list[list[Char]]:
        """The characters of the screen, line by line; a wide one is followed by an empty one."""
        buffer = self._screen.buffer
        return [[buffer[line][column] for column in range(self._screen.columns)] for line in range(self._screen.lines)]

    def _read_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        give_up = time.monotonic() + PATIENCE
        while not holds():
            assert self._open, f"{otherwise}; the command has ended with this on the screen:\n{self.screen}"
            ready, _, _ = select.select([self._leader], [], [], max(0.0, give_up - time.monotonic()))
            assert ready, f"{otherwise} within {PATIENCE:g} s; the screen shows:\n{self.screen}"
            try:
                piece = os.read(self._leader, 65_536)
            except OSError:  # how Linux reports that the other end is closed
                piece = b""
            self._open = bool(piece)
            self.written += piece
            self._stream.feed(piece)


@contextmanager
def in_terminal(
    *arguments: str, columns: int = 100, lines: int = 100, cwd: Path | None = None, command: str = XOXZO, **changes: str
) -> Iterator[Terminal]:
    """Run a command in a pseudo-terminal; it is ended with the block, if it has not ended before.

    Args:
        arguments: of the command.
        columns: the terminal's width.
        lines: its height; what scrolls out of it is lost.
        cwd: where it runs.
        command: the program.
        changes: of its environment.
    """
    leader, follower = pty.openpty()
    try:
        resize(follower, columns, lines)
        process = subprocess.Popen(
            [sys.executable, "-ISc", _TAKE_TERMINAL, command, *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=cwd,
            env=environment(changes),
            start_new_session=True,
        )
    finally:
        os.close(follower)
    try:
        yield Terminal(process, leader, columns, lines)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def resize(terminal: int, columns: int, lines: int) -> None:
    """Give a pseudo-terminal its size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


# The terminal becomes that of the new session, so that Ctrl-C reaches the command.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


def _text(line: list[Char]) -> str:
    return "".join(cell.data for cell in line)


def _marked(line: list[Char]) -> str:
    words, before = [], ""
    shown = len(_cells_shown(line))
    for cell in line[:shown]:
        style = _style(cell)
        if style != before:
            words.append(f"{'[/]' if before else ''}{f'[{style}]' if style else ''}")
            before = style
        words.append(cell.data)
    return "".join(words) + ("[/]" if before else "")


def _cells_shown(line: list[Char]) -> list[Char]:
    last = max((column for column, cell in enumerate(line) if cell.data.strip() or cell.reverse), default=-1)
    # An empty cell belongs to the wide character before it.
    return line[: last + 1 + (last >= 0 and len(line[last].data) == 1 and wcwidth(line[last].data) == 2)]


def _style(cell: Char) -> str:
    colour = [] if cell.fg == "default" else [cell.fg]
    ground = [] if cell.bg == "default" else [f"on-{cell.bg}"]
    return " ".join([*colour, *ground, *(name for name in _STYLES if getattr(cell, name))])
