"""Help pages: in the user's language, and aligned where characters take two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xoxzo.cloudpy.cli.core.i18n import _
from xoxzo.cloudpy.cli.core.output.text_width import pad, width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDEST_TERM = 30
_NARROWEST = 10


class Formatter(click.HelpFormatter):
    """Writes as Click's formatter does, measuring columns and not characters."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, in bold at a terminal."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading + ':', bold=True)}\n")

    def write_text(self, text: str) -> None:
        r"""Write paragraphs, each translated as one message; one that begins with a ``\b`` line keeps its lines."""
        blocks = []
        for lines in paragraphs(text):
            room = self.width - self.current_indent
            paragraph = " ".join(lines)
            blocks.append([_(line) for line in lines[1:]] if lines[0] == "\b" else wrap(_(paragraph), room))
        indent = " " * self.current_indent
        self.write("\n\n".join("\n".join((indent + line).rstrip() for line in block) for block in blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST_TERM, col_spacing: int = 2) -> None:
        """Write terms with their descriptions."""
        found = list(rows)
        first = min(max(width(term) for term, _meaning in found), col_max) + col_spacing
        room = max(self.width - self.current_indent - first, _NARROWEST)
        margin = " " * self.current_indent
        for term, meaning in found:
            head = margin + pad(term, first)
            lines = wrap(meaning, room)
            if width(term) + col_spacing > first and lines:
                self.write(f"{margin}{term}\n")
                head = margin + " " * first
            for line in lines or [""]:
                self.write(f"{head}{line}".rstrip() + "\n")
                head = margin + " " * first


class Context(click.Context):
    """A context whose help is written by our formatter."""

    formatter_class = Formatter


def paragraphs(text: str) -> Iterator[list[str]]:
    """Yield the paragraphs of a help text, each as its lines without blanks at their ends."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip(" "):
            lines.append(line.rstrip() if lines[:1] == ["\b"] else line.strip(" "))
        elif lines:
            yield lines
            lines = []
