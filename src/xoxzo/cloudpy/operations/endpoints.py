"""The endpoints of Xoxzo's API as data: ``endpoints.json`` has one row for each, and is the only list of them.

Nothing in the package imports this module. The page of all endpoints (``scripts/endpoints.py``), the tests of both
clients and of the command line, the fault matrix and the check of the simulator's OpenAPI document derive from it.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from xoxzo.cloudpy.operations.operation import Effect


class Example(msgspec.Struct, frozen=True, array_like=True):
    """A method of ``Client`` and ``AsyncClient``, or a command, that requests an endpoint."""

    name: str
    """The resource and its method, for instance ``sms.send``; or the command without ``xoxzo``, as in ``sms send``."""
    arguments: dict[str, object] | tuple[str, ...]
    """Keyword arguments for the method, or arguments and options for the command."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One endpoint of the API."""

    section: str
    """Its section in the API document."""
    method: str
    """The HTTP method."""
    path: str
    """The path; an id in it stands in braces, and is the first argument of each call and command."""
    effect: Effect
    """What carrying a request out twice would do."""
    calls: tuple[Example, ...]
    """The client methods that request it."""
    commands: tuple[Example, ...]
    """The commands that request it."""
    classic: tuple[str, ...] = ()
    """The methods of ``XoxzoClient`` that request it."""
    example: msgspec.Raw = msgspec.field(name="reply", default=msgspec.Raw())
    """The body of a success, as short as the client accepts it, one record in an array."""

    @property
    def name(self) -> str:
        """The method and the path, for instance ``GET /sms/messages/{msgid}/``."""
        return f"{self.method} {self.path}"

    @property
    def reply(self) -> bytes | None:
        """The body of a success; ``None`` when the client ignores it."""
        return bytes(self.example) or None

    @property
    def is_listing(self) -> bool:
        """Whether the reply is an array that is read as it arrives."""
        return self.method == "GET" and bytes(self.example).startswith(b"[")

    def path_of(self, example: Example) -> str:
        """Return the path that an example requests, with its id filled in."""
        arguments = example.arguments.values() if isinstance(example.arguments, dict) else example.arguments
        return re.sub(r"\{\w+\}", str(next(iter(arguments), "")), self.path)


ENDPOINTS = msgspec.json.decode(Path(__file__).with_suffix(".json").read_bytes(), type=tuple[Endpoint, ...])
"""In the order of the API document."""

COMPOSED_CALLS = frozenset({"sms.send_many", "sms.settle"})
"""Client methods that make calls of the table and raise, or collect, what those do."""
