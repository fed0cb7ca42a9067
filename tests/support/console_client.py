"""A visitor of the console's pages, without a browser and without a socket."""

from __future__ import annotations

import asyncio
import html
import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.web.app import Application

HERE = "127.0.0.1:8080"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def words(self) -> str:
        """What a reader sees: the text without its tags, blanks made one."""
        inside = self.text.partition("<main")[2].partition("</main>")[0] or self.text
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inside)).split())

    def json(self) -> dict[str, str]:
        """Return what a post was answered with."""
        return json.loads(self.text)


class Visitor:
    """Opens pages and posts forms.

    Args:
        simulator: Whose console it is.
        headers: What is sent along with every request.
    """

    def __init__(self, simulator: Simulator, **headers: str) -> None:
        self.app = Application(simulator)
        self._headers = {"host": HERE, **headers}

    def get(self, target: str, **headers: str) -> Answer:
        """Open a page."""
        return self.ask("GET", target, **headers)

    def post(self, target: str, fields: dict[str, object] | None = None, **headers: str) -> Answer:
        """Post a form as the console's script does, with the token of a page."""
        given = {"csrf": self.token(), **(fields or {})}
        sent = {"content_type": "application/x-www-form-urlencoded", "accept": "application/json", **headers}
        return self.ask("POST", target, urlencode(given).encode(), **sent)

    def token(self) -> str:
        """Return the token that the forms of a page carry."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/console/faults").text)
        assert found
        return found[1]

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Send anything; header names with _ for -."""
        path, _, query = target.partition("?")
        return self.raw(method, path, query, body, **headers)

    def raw(self, method: str, path: str, query: str, body: bytes, **headers: str) -> Answer:
        """Send a path and a query as they are, each letter one byte."""
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value],
            "client": ("127.0.0.1", 1),
        }
        return asyncio.run(self._ask(scope, body))

    async def _ask(self, scope: dict[str, object], body: bytes) -> Answer:
        begun: list[dict] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            begun.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode(): value.decode("latin-1") for name, value in begun[0]["headers"]}
        return Answer(begun[0]["status"], headers, b"".join(one["body"] for one in begun[1:]).decode())
