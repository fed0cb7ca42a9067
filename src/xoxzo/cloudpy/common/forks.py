"""Handle forks: run functions in each forked child, and know the process id without a system call."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

pid = os.getpid()
"""The id of this process, also in a forked child. Asking the operating system costs a fiftieth of a send."""

# Systems without fork have no register_at_fork.
_register: Callable[..., Any] = getattr(os, "register_at_fork", lambda **_: None)


def in_child(work: Callable[[], object]) -> None:
    """Run a function in each child that is forked from now on, before anything else runs there."""
    _register(after_in_child=work)


def _update_pid() -> None:
    global pid  # noqa: PLW0603 - a fork is what changes it
    pid = os.getpid()


in_child(_update_pid)
