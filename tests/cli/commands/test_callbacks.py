"""`xoxzo callbacks resend`: a shop that was down gets the reports that it has missed, from a simulator's API."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from click.testing import CliRunner, Result

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.callbacks import Callbacks, DeliveryLog, Event
from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.integrations.wsgi import CallbackApp

SECRET = "a secret of the tests, long enough"
ANNE = "+818011110001"


class Shop:
    """A shop with a log of deliveries, which is served while it is up.

    Attributes:
        down: the status with which it answers while something is wrong with it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "deliveries.db"
        self.events: list[Event] = []
        self.down = 0
        log = DeliveryLog(self.path)
        app = CallbackApp(Callbacks(SECRET, "http://localhost"), self.events.append, log=log)

        def serve(environ: Any, start_response: Any) -> Any:
            if self.down:
                start_response(f"{self.down} Down", [])
                return [b""]
            return app(environ, start_response)

        class Quiet(WSGIRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server: WSGIServer = make_server("127.0.0.1", 0, serve, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.log = log


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Run a shop."""
    running = Shop(tmp_path)
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,))
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()
    running.log.close()


@pytest.fixture
def resend(simulator_url: str, account: tuple[str, str]) -> Callable[..., Result]:
    """Run the command in this process, for one account of a simulator."""
    variables = {"XOXZO_API_HOST": simulator_url, "XOXZO_API_SID": account[0], "XOXZO_API_AUTH_TOKEN": account[1]}

    def run(*arguments: object, **environment: str) -> Result:
        given = ["callbacks", "resend", *map(str, arguments)]
        return CliRunner(env=variables | {"XOXZO_CALLBACK_SECRET": SECRET} | environment).invoke(xoxzo, given)

    return run


@pytest.fixture
def client(simulator_url: str, account: tuple[str, str]) -> Iterator[Client]:
    """Open a client of the same account."""
    with Client(sid=account[0], auth_token=account[1], base_url=simulator_url) as opened:
        yield opened


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the JSON lines of an output."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_after_an_outage(shop: Shop, client: Client, resend: Callable[..., Result]) -> None:
    """What the log has without a final report is asked for and reported, with its own reference; once is enough."""
    sent = client.sms.send(recipient=ANNE, sender="Shop", message="a", reference="order-1", tags=["spring"])
    client.sms.wait(sent.msgid, timeout=60)
    called = client.calls.say(
        caller="815012345678", recipient=ANNE, tts_message="a", tts_lang="en", reference="order-2"
    )
    client.calls.wait(called.callid, timeout=60)
    lost = client.sms.send(recipient="+819000000002", sender="Shop", message="a", reference="order-3")
    for one in (sent, called, lost):
        shop.log.sent(one)
    options = [shop.url, "--log", shop.path, "--sign", "--json"]
    shown = rows(resend(*options, "--dry-run"))
    assert [(row["id"], row["result"]) for row in shown] == [
        (sent.msgid, "would be reported"),
        (called.callid, "would be reported"),
        (lost.msgid, "not final yet"),
    ]
    assert shop.events == []
    shop.down = 500
    down = resend(*options)
    assert (down.exit_code, [row["result"] for row in rows(down)]) == (3, [500, 500, "not final yet"])
    shop.down = 0
    assert resend(*options).exit_code == 0
    assert [(event.reference, event.status) for event in shop.events] == [
        ("order-1", "DELIVERED"),
        ("order-2", "ANSWERED"),
    ]
    assert shop.events[0].tags == ("spring", "order-1")
    entry = shop.log.get(reference="order-1")
    assert entry is not None
    assert (entry.status, entry.final) == ("DELIVERED", True)
    assert [row["id"] for row in rows(resend(*options))] == [lost.msgid]
    assert len(rows(resend(*options, "--all"))) == 3
    assert [row["result"] for row in rows(resend(*options, sent.msgid))] == [200]
    missing = resend(*options, sent.msgid, "mistyped")
    assert (missing.exit_code, [row["result"] for row in rows(missing)]) == (3, [200, "unknown to the API"])
    later = resend(*options, "--since", "0m")
    assert (later.exit_code, rows(later)) == (0, [])
    assert len(shop.events) == 2


def test_without_a_log(shop: Shop, client: Client, resend: Callable[..., Result]) -> None:
    """Ids, or what the sent list has since a time, are reported; with several tags the reference is not guessed."""
    one = client.sms.send(recipient=ANNE, sender="Shop", message="a", reference="order-1")
    two = client.sms.send(recipient=ANNE, sender="Shop", message="a", tags=["order-2", "spring"])
    three = client.sms.send(recipient=ANNE, sender="Shop", message="a")
    for sent in (one, two, three):
        client.sms.wait(sent.msgid, timeout=60)
    shown = resend(shop.url, "--sign", "--since", "1h", "--json")
    assert shown.exit_code == 3
    found = {row["id"]: row["result"] for row in rows(shown)}
    assert found.pop(two.msgid) == "several tags: needs --log"
    assert found == {one.msgid: 200, three.msgid: 200}
    assert sorted(str(event.reference) for event in shop.events) == ["None", "order-1"]
    shown = resend(shop.url, "--sign", "--json", one.msgid, "no-such-call", "nosuchmessage")
    assert [row["result"] for row in rows(shown)] == [200, "unknown to the API", "unknown to the API"]
    assert resend(shop.url, "--sign", "--since", "today", one.msgid).output.split("\t")[0] == one.msgid
    assert rows(resend(shop.url, "--sign", "--since", "0m", "--json")) == []
    unsigned = resend(shop.url, one.msgid)
    assert (unsigned.exit_code, unsigned.output.split()[-1]) == (3, "403")


def test_conferences(shop: Shop, client: Client, resend: Callable[..., Result]) -> None:
    """A conference of the log is reported when it has ended."""
    started = client.conferences.create(caller="815012345678", participants=[ANNE, "+818011110002"])
    shop.log.sent(started)
    options = [shop.url, "--log", shop.path, "--sign", "--json"]
    give_up = time.monotonic() + 60
    while rows(resend(*options, "--dry-run"))[0]["result"] == "not final yet":
        assert time.monotonic() < give_up
        time.sleep(0.2)
    assert [row["result"] for row in rows(resend(*options))] == [200]
    assert shop.events[0].conferenceid == started.conferenceid


def test_nobody_answers(client: Client, resend: Callable[..., Result]) -> None:
    """Without an answer it ends at the first, with 6."""
    sent = [client.sms.send(recipient=ANNE, sender="Shop", message="a") for _ in range(2)]
    for one in sent:
        client.sms.wait(one.msgid, timeout=60)
    tried = resend("http://127.0.0.1:9/", "--json", *(one.msgid for one in sent))
    assert (tried.exit_code, len(rows(tried))) == (6, 1)
    assert "no connection" in rows(tried)[0]["result"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["http://127.0.0.1:9/"], "Give what to report"),
        (["ftp://shop", "id"], "url"),
        (["shop", "id", "--sign"], "public_url"),
        (["http://127.0.0.1:9/", "--since", "soon"], "'--since': 'soon' is not a day"),
        (["http://127.0.0.1:9/", "--log", "{other}"], "delivery log"),
    ],
)
def test_wrong_use(arguments: list[str], expected: str, resend: Callable[..., Result], tmp_path: Path) -> None:
    """Wrong arguments are refused before anything is posted."""
    other = tmp_path / "other.db"
    other.write_text("no database at all, but a text that is long enough")
    refused = resend(*(argument.format(other=other) for argument in arguments))
    assert (refused.exit_code, expected in refused.output) == (2, True), refused.output
