"""The two clients behind one way to call them, so that a test is written once and played on both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy import AsyncClient, Client

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class ClientRunner:
    """Makes the same call with either client; a listing is gathered into a list.

    Args:
        kind: ``threads`` or ``asyncio``.
        options: what every client is made with.
    """

    kind: str
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, url: str, verb: Callable[[Any], Any], **options: Any) -> Any:
        options = {**self.options, "base_url": url, **options}
        if self.kind == "threads":
            with Client(**options) as client:
                result = verb(client)
                return list(result) if hasattr(result, "__next__") else result
        return asyncio.run(self._await(verb, options))

    @staticmethod
    async def _await(verb: Callable[[Any], Any], options: dict[str, Any]) -> Any:
        try:
            async with AsyncClient(**options) as client:
                result = verb(client)
                return [record async for record in result] if hasattr(result, "__anext__") else await result
        finally:
            if "transport" in options:
                # A loop's connections end with it.
                await options["transport"].close()
