"""Detect test code that replaces ``requests``: with 0.5 this prevented real sends, and now it does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FunctionType

_MOCK_LIBRARIES = frozenset({"mock", "pook", "requests_mock", "responses", "unittest", "vcr"})
_METHODS = ("request", "get", "post", "delete")
_SESSION_METHODS = (*_METHODS, "send", "get_adapter")
# Where the functions and classes below are defined when nothing has replaced them.
_ORIGINS = frozenset(
    {"requests.api", "requests.sessions", "requests.adapters", "urllib3.connection", "urllib3.connectionpool"}
)


def find_requests_mock() -> str | None:
    """Return what has replaced a part of ``requests``, for instance ``responses``; ``None`` when nothing has.

    Costs nothing where ``requests`` is not loaded, and never loads it. Tools that only observe, such as tracers, are no
    mocks. A plain function in the place of one of requests' own counts only while a test of pytest runs.
    """
    if "requests" not in sys.modules:
        return None
    for value in _replaceable():
        # Nearly always all are the originals, and every request of the classic client comes by here.
        if type(value) in {FunctionType, type} and value.__module__ in _ORIGINS:
            continue
        if library := _mock_library(value):
            return library
    return None


def _replaceable() -> Iterator[object]:
    """Yield what the mock libraries, or a test by itself, replace: modules, classes, functions and methods."""
    requests = sys.modules["requests"]
    yield requests
    yield from (getattr(requests, name, None) for name in (*_METHODS, "session", "Session"))
    api = sys.modules.get("requests.api")
    yield from (getattr(api, name, None) for name in _METHODS)
    session = getattr(sys.modules.get("requests.sessions"), "Session", None)
    yield session
    yield from (getattr(session, name, None) for name in _SESSION_METHODS)
    yield getattr(getattr(sys.modules.get("requests.adapters"), "HTTPAdapter", None), "send", None)
    pool = getattr(sys.modules.get("urllib3.connectionpool"), "HTTPSConnectionPool", None)
    yield getattr(pool, "urlopen", None)
    yield getattr(pool, "ConnectionCls", None)


def _mock_library(value: object) -> str | None:
    # A function that unittest.mock made after a signature has its mock as an attribute.
    for candidate in (value, type(value), type(getattr(value, "mock", None))):
        library = str(getattr(candidate, "__module__", "")).partition(".")[0]
        if library in _MOCK_LIBRARIES:
            return "unittest.mock" if library == "unittest" else library
    function = getattr(value, "__func__", value)
    if isinstance(function, FunctionType) and function.__module__ not in _ORIGINS:
        folders = function.__code__.co_filename.replace("\\", "/").split("/")
        if "PYTEST_CURRENT_TEST" in os.environ and not {"site-packages", "dist-packages"} & set(folders):
            return f"{function.__module__}.{function.__qualname__}"
    return None
