"""Which process this is, known without asking the operating system at each request."""

from __future__ import annotations

import os

pid = os.getpid()
"""The number of this process, in a forked child too."""


def _forked() -> None:
    global pid  # noqa: PLW0603 - a fork is what changes it
    pid = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
