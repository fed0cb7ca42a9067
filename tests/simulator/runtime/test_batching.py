"""Requests that are answered together: one commit, and nothing before it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from simulator_callers import SMS, Caller, basic, web

from xoxzo.cloudpy.simulator.api.http import ApiRequest, ApiResponse
from xoxzo.cloudpy.simulator.engine.rules import NotSaved
from xoxzo.cloudpy.simulator.runtime.lifecycle import Batcher

FORM = b"application/x-www-form-urlencoded"
UNSAVED = (503, {"detail": "The simulator cannot write to its database."})


def send(**fields: Any) -> ApiRequest:
    """Return a request that sends an SMS."""
    headers = {b"authorization": basic(), b"host": b"a", b"content-type": FORM}
    return ApiRequest("POST", b"/sms/messages/", b"", headers, urlencode({**SMS, **fields}).encode())


def credits_left() -> ApiRequest:
    """Return a request that reads the balance."""
    return ApiRequest("GET", b"/you/credits/", b"", {b"authorization": basic(), b"host": b"a"})


class StoredCaller(Caller):
    """A caller whose simulator records the writes to its database, and when they happen."""

    def open(self) -> None:
        super().open()
        self.noted: list[str] = []
        self.broken = False
        store: Any = self.simulator.engine._store
        save = store.save

        def saved(changes: Any, *rest: Any, **more: Any) -> None:
            if self.broken:
                raise NotSaved("as set")
            save(changes, *rest, **more)
            self.noted.append("saved")

        store.save = saved

    def together(self, *requests: ApiRequest) -> list[ApiResponse]:
        """Ask in one turn; return the replies, each noted when it came."""

        async def main() -> list[ApiResponse]:
            turns = Batcher(self.simulator.api.handle_together)
            asked = [asyncio.create_task(turns.answer(request)) for request in requests]
            for task in asked:
                task.add_done_callback(lambda _: self.noted.append("answered"))
            return await asyncio.gather(*asked)

        return asyncio.run(main())


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[StoredCaller]:
    """A caller whose simulator has a database."""
    caller = StoredCaller(tmp_path / "a.db")
    yield caller
    caller.simulator.close()


def parsed_replies(replies: list[ApiResponse]) -> list[tuple[int, Any]]:
    """Return statuses and bodies."""
    return [(reply.status, json.loads(reply.body)) for reply in replies]


def test_one_commit_for_all(stored: StoredCaller) -> None:
    """Simultaneous requests share one commit and are answered after it; a single request has its own."""
    replies = stored.together(*[send() for _ in range(20)], credits_left())
    assert [reply.status for reply in replies] == [201] * 20 + [200]
    assert stored.noted == ["saved"] + ["answered"] * 21
    stored.together(send())
    assert stored.noted[-2:] == ["saved", "answered"]
    stored.restart()
    assert len(stored.get("/sms/messages/")[1]) == 21
    assert stored.credits() == 100_000 - 210


def test_all_or_none(stored: StoredCaller) -> None:
    """If the commit fails, all of the turn is answered with 503, who only looked included, and did not happen."""
    stored.together(send())
    stored.broken = True
    assert parsed_replies(stored.together(send(), credits_left(), send(recipient="x"))) == [UNSAVED] * 3
    assert parsed_replies(stored.together(credits_left())) == [UNSAVED]
    stored.broken = False
    assert parsed_replies(stored.together(credits_left())) == [(200, {"credits": 99_990.0})]
    assert stored.together(send())[0].status == 201
    stored.restart()
    assert len(stored.get("/sms/messages/")[1]) == 2


def test_in_process_callers_share_nothing(stored: StoredCaller) -> None:
    """A request without a server is saved when it returns, also during concurrent requests."""
    with stored.simulator.serve() as server, ThreadPoolExecutor(4) as pool:

        def by_web() -> list[int]:
            body = urlencode(SMS).encode()
            with web(server.url) as page:
                return [page("POST", "/sms/messages/", body, Content_Type=FORM.decode())[0] for _ in range(25)]

        sent = [pool.submit(by_web) for _ in range(4)]
        for _ in range(25):
            stored.send()
        assert [future.result() for future in sent] == [[201] * 25] * 4
    stored.open()
    assert len(stored.get("/sms/messages/")[1]) == 125
    assert stored.credits() == 100_000 - 1250


def test_a_mistake_of_ours(caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged and costs one response; the other requests of the batch get theirs."""
    handle: Callable[[ApiRequest], ApiResponse] = caller.simulator.api._handle

    def careless(request: ApiRequest) -> ApiResponse:
        return handle(request) if request.method == "POST" else 1 / 0  # type: ignore[return-value]

    monkeypatch.setattr(caller.simulator.api, "_handle", careless)
    with caplog.at_level(logging.ERROR):
        replies = caller.simulator.api.handle_together([send(), credits_left(), send()])
    assert [reply.status for reply in replies] == [201, 500, 201]
    assert "ZeroDivisionError" in caplog.text


def test_who_was_cancelled_meanwhile(caller: Caller) -> None:
    """It gets no response, and the others do."""

    async def main() -> tuple[bool, ApiResponse]:
        turns = Batcher(caller.simulator.api.handle_together)
        first, second = (asyncio.create_task(turns.answer(credits_left())) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first, second})
        return first.cancelled(), second.result()

    cancelled, reply = asyncio.run(main())
    assert cancelled
    assert reply.status == 200
