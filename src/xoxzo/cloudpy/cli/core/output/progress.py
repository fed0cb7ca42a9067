"""Shows progress on standard error with rich, which is loaded only when progress is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import progress
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from xoxzo.cloudpy.cli.core.output.terminal import visible

_BAR_COLUMNS = 28
_TITLE = progress.TextColumn("{task.description}", markup=False)

Piece = tuple[str, str | None]
"""A text and its colour."""


def _transient(*columns: str | progress.ProgressColumn) -> progress.Progress:
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar with rate and time left on standard error; yield a function that counts one more as done."""
    done = (progress.BarColumn(), progress.MofNCompleteColumn(), "{task.fields[speed_shown]}/s")
    with _transient(_TITLE, *done, progress.TimeRemainingColumn()) as bar:
        task = bar.add_task(title, total=total, speed_shown="–")

        def more() -> None:
            bar.advance(task)
            speed = bar.tasks[0].speed
            bar.update(task, speed_shown=f"{speed:.1f}" if speed else "–")

        yield more


@contextmanager
def spinner(title: str) -> Iterator[None]:
    """Show a spinner and the elapsed time on standard error."""
    with _transient(progress.SpinnerColumn(), _TITLE, progress.TimeElapsedColumn()) as wheel:
        wheel.add_task(visible(title), total=None)
        yield


@contextmanager
def live_lines() -> Iterator[Callable[..., None]]:
    """Show a bar with lines on standard error that change in place, and stay when the block has ended.

    The function that is yielded shows a share from 0 to 1, the pieces beside the bar, and those of each line below it.
    """
    console = Console(stderr=True)
    # A substitute would make lines longer than they were measured.
    joint = Text(" - " if console.options.ascii_only else " · ", no_wrap=True, overflow="ellipsis")

    def line(pieces: Sequence[Piece]) -> Text:
        return joint.join(Text(text, style=colour or "") for text, colour in pieces)

    with Live(console=console, auto_refresh=False) as live:

        def show(share: float, beside: Sequence[Piece], *below: Sequence[Piece]) -> None:
            bar = ProgressBar(1.0, share, width=_BAR_COLUMNS, complete_style="green", finished_style="green")
            head = Table.grid(padding=(0, 1))
            percent = f"{int(100 * share):>3} %"
            head.add_row(bar, line([(percent, None), *beside]))
            live.update(Group(head, *(line(pieces) for pieces in below if pieces)), refresh=True)

        yield show
