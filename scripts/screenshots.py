"""Draw the pictures of the command line: ``scripts/screenshots.py`` writes ``docs/images/shell-*.svg`` again.

Each is a real run, in a pseudo-terminal, on a simulator of its own; what the screen shows becomes text in an SVG.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wcwidth import wcswidth

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))

from terminal import JAPANESE, XOXZO, Terminal, in_pipe, in_terminal  # type: ignore[import-not-found]  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGES = REPOSITORY / "docs" / "images"
COLUMNS = 96
WIDE, HIGH, MARGIN, BAR = 8.4, 19, 16, 34
COLOURS = {
    "default": "#d8dee9",
    "green": "#8fbc6f",
    "red": "#e06c75",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "black": "#7f8896",
    "white": "#ffffff",
}
BUTTONS = ("#e06c75", "#e5c07b", "#8fbc6f")
FONTS = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace"
Run = tuple[str, str, bool]
"""A piece of a line: its text, its colour, whether it is bold."""
Lines = list[list[Run]]

SEND = ["sms", "send", "080-1111-2222", "ご予約の確認です", "--sender", "Shop"]
PEOPLE = 1500


@contextmanager
def simulator() -> Iterator[str]:
    """Run a simulator at a free port; give its address."""
    # Not into a pipe: its log is not read, and a full pipe stops it.
    with tempfile.NamedTemporaryFile("r") as log:
        command = [XOXZO, "simulator", "--port", "0", "--unlisted"]
        with Path(log.name).open("w") as output, subprocess.Popen(command, stdout=output) as process:
            try:
                while not (line := log.readline()).endswith("\n"):
                    log.seek(0)
                    time.sleep(0.05)
                yield line.partition(": ")[2].strip()
            finally:
                process.terminate()


class Shell:
    """A user with an account on a simulator, and what the screen has shown so far."""

    def __init__(self, url: str, home: Path) -> None:
        self.home = home
        self.lines: Lines = []
        self._variables = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "XDG_CONFIG_HOME": "",
            "XDG_STATE_HOME": "",
            "SSL_CERT_FILE": "",
            "XOXZO_CAMPAIGNS": str(home / "campaigns"),
            "XOXZO_API_HOST": url,
            "XOXZO_API_SID": "0a1b2c3d4e5f",
            "XOXZO_API_AUTH_TOKEN": "made-up",
        }

    def quietly(self, *words: str) -> str:
        """Run a command that is not shown; return what it wrote."""
        done = in_pipe(*words, cwd=self.home, **self._variables)
        if done.status:
            raise SystemExit(f"{words}: {done.err}")
        return str(done.out)

    def show(self, *words: str, until: Callable[[Terminal], None] | None = None, **changes: str) -> None:
        """Run a command and take what the screen shows, at its end or when something holds."""
        typed = " ".join(word if re.fullmatch(r"[\w./:+=-]+", word) else f"'{word}'" for word in words)
        self.lines.append([("$ ", COLOURS["green"], True), (f"xoxzo {typed}", COLOURS["white"], False)])
        variables = {**self._variables, **changes}
        with in_terminal(*words, columns=COLUMNS, lines=60, cwd=self.home, **variables) as terminal:
            if until is None:
                terminal.end()
            else:
                until(terminal)
            self.lines += self._taken(terminal)
            if until is not None:
                terminal.type("\x03")
                terminal.end()

    def _taken(self, terminal: Terminal) -> Lines:
        shown = [list(_runs(cells)) for cells in terminal.cells]
        while shown and not "".join(text for text, _, _ in shown[-1]).strip():
            shown.pop()
        return [[(self._steady(text), colour, bold) for text, colour, bold in line] for line in shown]

    def _steady(self, text: str) -> str:
        return re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:8080", text.replace(str(self.home), "/home/hanako"))


def _runs(cells: list[Any]) -> Iterator[Run]:
    text, before = "", (COLOURS["default"], False)
    for cell in cells:
        style = (COLOURS.get(cell.fg, f"#{cell.fg}"), cell.bold)
        if style != before and cell.data:
            yield text, *before
            text, before = "", style
        text += cell.data
    yield text.rstrip(), *before


def picture(lines: Lines, title: str) -> str:
    """Return an SVG that shows lines in a window."""
    width = COLUMNS * WIDE + 2 * MARGIN
    height = BAR + len(lines) * HIGH + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>text{{font:14px {FONTS};white-space:pre}}.b{{font-weight:700}}</style>",
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#20252e"/>',
        *(f'<circle cx="{18 + 18 * n}" cy="17" r="5" fill="{fill}"/>' for n, fill in enumerate(BUTTONS)),
    ]
    for number, line in enumerate(lines):
        column, y = 0, BAR + (number + 1) * HIGH - 5
        for text, colour, bold in line:
            # Wherever the reader's font draws Japanese, each word begins in its column.
            for word in re.findall(r"\S+(?: \S+)*|\s+", text):
                if word.strip():
                    wide = wcswidth(word)
                    place = f'x="{MARGIN + column * WIDE:.1f}" y="{y}" textLength="{wide * WIDE:.1f}"'
                    kind = ' class="b"' if bold else ""
                    parts.append(
                        f'<text {place} lengthAdjust="spacingAndGlyphs" fill="{colour}"{kind}>{escape(word)}</text>'
                    )
                column += max(wcswidth(word), 0)
    return "\n".join([*parts, "</svg>", ""])


def sending(shell: Shell) -> str:
    """Send a message, and wait until it has arrived."""
    shell.show(*SEND)
    found = re.search(r"sms wait (\w+)", "".join(text for line in shell.lines for text, _, _ in line))
    shell.show("sms", "wait", found[1] if found else "")
    return "Sending an SMS"


def listing(shell: Shell) -> str:
    """Look at what was sent."""
    shell.quietly(
        "sms", "send", "080-1111-2222", "090-3333-4444", "ご予約の確認です", "--sender", "Shop", "--tag", "予約"
    )
    shell.quietly("sms", "send", "+819000000001", "Closed today", "--sender", "Shop")
    found = shell.quietly("sms", "send", "070-5555-6666", "Hello", "--sender", "Shop", "--reference", "booking-7")
    shell.quietly("sms", "wait", found.split()[0])
    shell.show("sms", "list")
    shell.show("credits")
    return "The messages that were sent"


def running(shell: Shell, **changes: str) -> str:
    """Look at a campaign half way."""
    rows = "".join(f"090{10000000 + number},お客様{number}\n" for number in range(PEOPLE))
    (shell.home / "people.csv").write_text(f"tel,name\n{rows}", encoding="utf-8")

    def half_way(terminal: Terminal) -> None:
        terminal.wait_for("y/N")
        terminal.type("y\r")
        terminal.wait_until(r" [67][0-9] %")

    text = ("--text", "{name}様 明日のご予約です", "--sender", "Shop")
    shell.show("campaign", "run", "people.csv", *text, "--rate", "300", until=half_way, **changes)
    return "A campaign, half way"


def running_ja(shell: Shell) -> str:
    """The same in Japanese."""
    return running(shell, **JAPANESE)


def doctor(shell: Shell) -> str:
    """Find that all is well, in two languages."""
    shell.show("doctor")
    return "xoxzo doctor"


def doctor_ja(shell: Shell) -> str:
    """The same in Japanese."""
    shell.show("doctor", **JAPANESE)
    return "xoxzo doctor"


PICTURES = {
    "send": sending,
    "list": listing,
    "campaign": running,
    "campaign-ja": running_ja,
    "doctor": doctor,
    "doctor-ja": doctor_ja,
}


def main() -> None:
    """Draw them all, or those that are named."""
    os.environ.pop("XOXZO_SIMULATOR", None)
    for name in sys.argv[1:] or PICTURES:
        with simulator() as url, tempfile.TemporaryDirectory() as home:
            shell = Shell(url, Path(home))
            title = PICTURES[name](shell)
            path = IMAGES / f"shell-{name}.svg"
            path.write_text(picture(shell.lines, title), encoding="utf-8")
            print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
