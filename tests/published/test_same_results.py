"""The package published on PyPI (0.4.1) and our classic client get the same results for the same calls."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("driver.py")
PUBLISHED = Path(__file__).parents[2] / ".venv-published/bin/python"

pytestmark = pytest.mark.skipif(
    not PUBLISHED.exists(), reason="the published package is not installed in .venv-published: run `make test`"
)

# What differs from one run to the next: ids, stamps, and how far a message or call has got by then.
VARIES = frozenset(
    {"msgid", "callid", "url", "din", "din_uid", "sent_time", "start_time", "end_time", "cost", "duration", "status"}
)
SMS: dict[str, object] = {"message": "こんにちは", "recipient": "+818012345678", "sender": "Xoxzo"}
PLAYBACK: dict[str, object] = {
    "caller": "815012345678",
    "recipient": "+818012345678",
    "recording_url": "http://example.com/a.mp3",
}
TTS: dict[str, object] = {
    "caller": "815012345678",
    "recipient": "+818012345678",
    "tts_message": "もしもし",
    "tts_lang": "ja",
}

Result = dict[str, Any]


def day(days_ago: int) -> str:
    """Give a date as the sent list wants it: UTC, and no older than 90 days."""
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%d")


def earlier(call: int, *path: str | int) -> dict[str, object]:
    """Name a value out of an earlier call's result."""
    return {"from": call, "path": path}


@dataclass(frozen=True)
class Case:
    """Some calls of one account, and the ``errors`` that each must have."""

    name: str
    calls: list[tuple[str, dict[str, object]]]
    errors: list[int | None]
    server: str = "open"


CASES = [
    Case(
        "send and follow",
        [("send_sms", SMS), ("get_sms_delivery_status", {"msgid": earlier(0, "messages", 0, "msgid")})],
        [None, None],
    ),
    Case("list", [("send_sms", SMS), ("send_sms", SMS), ("get_sent_sms_list", {})], [None, None, None]),
    *(
        Case(
            f"list sent_date{operator}",
            [("send_sms", SMS), ("get_sent_sms_list", {"sent_date": operator + day(ago)})],
            [None, None],
        )
        for operator, ago in [(">=", 1), (">", 1), ("=", 0), ("<=", 1), ("<", 0)]
    ),
    Case("list nothing", [("get_sent_sms_list", {})], [None]),
    Case(
        "playback",
        [
            ("call_simple_playback", PLAYBACK),
            ("get_simple_playback_status", {"callid": earlier(0, "messages", 0, "callid")}),
        ],
        [None, None],
    ),
    Case(
        "speech",
        [("call_tts_playback", TTS), ("get_simple_playback_status", {"callid": earlier(0, "messages", 0, "callid")})],
        [None, None],
    ),
    Case(
        "dial-in number",
        [
            ("get_din_list", {}),
            ("get_din_list", {"search_string": "country=JP"}),
            ("subscribe_din", {"din_uid": earlier(0, "messages", 0, "din_uid")}),
            ("get_subscription_list", {}),
            (
                "set_action_url",
                {"din_uid": earlier(0, "messages", 0, "din_uid"), "action_url": "https://example.com/action"},
            ),
            ("get_subscription_list", {}),
            ("unsubscribe_din", {"din_uid": earlier(0, "messages", 0, "din_uid")}),
            ("get_subscription_list", {}),
        ],
        [None] * 8,
    ),
    Case("no numbers there", [("get_din_list", {"search_string": "country=US"})], [None]),
    Case("unknown search", [("get_din_list", {"search_string": "foo=bar"})], [400]),
    Case("unknown number", [("subscribe_din", {"din_uid": "0123456789"})], [400]),
    Case("nothing to subscribe to", [("subscribe_din", {"din_uid": None})], [400]),
    Case("not ours to release", [("unsubscribe_din", {"din_uid": "0123456789"})], [404]),
    Case(
        "not ours to answer",
        [("set_action_url", {"din_uid": "0123456789", "action_url": "https://example.com/"})],
        [404],
    ),
    Case("bad recipient", [("send_sms", SMS | {"recipient": "+8108012345678"})], [400]),
    Case("bad recipient of a call", [("call_simple_playback", PLAYBACK | {"recipient": "+0808012345678"})], [400]),
    Case("no message", [("send_sms", SMS | {"message": None})], [400]),
    Case("unknown language", [("call_tts_playback", TTS | {"tts_lang": "xx"})], [400]),
    Case("unknown message", [("get_sms_delivery_status", {"msgid": "dabd8e76-390f-421c-87b5-57f31339d0c5"})], [404]),
    Case("unknown call", [("get_simple_playback_status", {"callid": "dabd8e76-390f-421c-87b5-57f31339d0c5"})], [404]),
    Case("no such month", [("get_sent_sms_list", {"sent_date": "=2016-13-01"})], [400]),
    Case("too long ago", [("get_sent_sms_list", {"sent_date": "=" + day(91)})], [400]),
    Case(
        "bad credentials",
        [
            ("send_sms", SMS),
            ("get_sent_sms_list", {}),
            ("call_simple_playback", PLAYBACK | {"recipient": "x"}),
            ("get_din_list", {}),
        ],
        [401] * 4,
        server="strict",
    ),
    Case(
        "nobody there",
        [
            ("send_sms", SMS),
            ("get_sms_delivery_status", {"msgid": "x"}),
            ("call_tts_playback", TTS),
            ("get_subscription_list", {}),
        ],
        [499] * 4,
        server="absent",
    ),
]


@pytest.fixture(scope="module")
def hosts(start_simulator: Any, simulator_url: str) -> Iterator[dict[str, str]]:
    """A simulator that accepts any credentials, one that accepts only others, and a closed port."""
    with start_simulator("--sid", "somebody", "--token", "else") as strict, socket.socket() as unheard:
        # Bound but not listening: no other process can take the port, and every connection is refused.
        unheard.bind(("127.0.0.1", 0))
        yield {"open": simulator_url, "strict": strict, "absent": f"http://127.0.0.1:{unheard.getsockname()[1]}"}


def run(python: str | Path, hosts: dict[str, str]) -> dict[str, list[Result]]:
    """Let one interpreter do the calls of all cases, each for an account of its own; return the results by case."""
    cases = []
    for case in CASES:
        account = {"host": hosts[case.server], "sid": secrets.token_hex(16), "token": secrets.token_hex(16)}
        cases.append([{**account, "method": method, "arguments": arguments} for method, arguments in case.calls])
    finished = subprocess.run(
        [python, DRIVER],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ,
    )
    assert finished.returncode == 0, finished.stderr
    return dict(zip([case.name for case in CASES], json.loads(finished.stdout), strict=True))


def normal(value: Any, field: str = "") -> Any:
    """Blot out what differs from run to run; what is left must be equal."""
    if isinstance(value, dict):
        return {key: normal(item, key) for key, item in value.items()}
    if isinstance(value, list) and field not in VARIES:
        return [normal(item) for item in value]
    return "…" if field in VARIES and not isinstance(value, list) else value


def test_same_calls_same_results(hosts: dict[str, str]) -> None:
    """Every call answers as the published package's does, errors and bodies alike."""
    published, ours = run(PUBLISHED, hosts), run(sys.executable, hosts)
    seen = {name: [result["errors"] for result in results] for name, results in published.items()}
    assert seen == {case.name: case.errors for case in CASES}
    assert {name: normal(results) for name, results in ours.items()} == {
        name: normal(results) for name, results in published.items()
    }


def test_every_published_method_is_called() -> None:
    """No method of the published client is left out of the comparison."""
    program = "import json, xoxzo.cloudpy as x; print(json.dumps([n for n in vars(x.XoxzoClient) if n[0] != '_']))"
    names = set(json.loads(subprocess.check_output([PUBLISHED, "-c", program], text=True)))

    assert names - {"REQUESTS_EXCEPITON"} == {method for case in CASES for method, _ in case.calls}
    assert len(names) == 12
