"""Shows progress on standard error with rich, which is loaded only when progress is shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar with rate and time left on standard error; yield a function that counts one more as done."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed_shown]}/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=total, speed_shown="–")

        def more() -> None:
            bar.advance(task)
            speed = bar.tasks[0].speed
            bar.update(task, speed_shown=f"{speed:.1f}" if speed else "–")

        yield more


@contextmanager
def spinner(title: str) -> Iterator[None]:
    """Show a spinner and the elapsed time on standard error."""
    wheel = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with wheel:
        wheel.add_task(title, total=None)
        yield
