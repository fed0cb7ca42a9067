"""Which modules of the package a program passes through."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def passed_modules() -> Iterator[list[str]]:
    """Collect, in their order, the modules of the package whose functions are entered, and those that are returned to.

    Between two requests there is ``"write"``: so that the requests of a campaign can be distinguished.
    """
    modules: list[str] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        here = frame.f_back if event == "return" else frame if event == "call" else None
        if here is not None and "/xoxzo/cloudpy/" in (path := here.f_code.co_filename.replace("\\", "/")):
            module = path.rpartition("/xoxzo/cloudpy/")[2]
            if not modules or modules[-1] != module:
                modules.append(module)
            if event == "call" and here.f_code.co_name == "start_write":
                modules.append("write")

    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)
