"""The control API: its requests to a served simulator, and the document that describes it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from openapi_spec_validator import validate
from simulator_callers import SMS, Listener, Web, web

from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock
from xoxzo.cloudpy.simulator.engine.context import Event, request_headers
from xoxzo.cloudpy.simulator.openapi import document
from xoxzo.cloudpy.simulator.queries.formats import event_json
from xoxzo.cloudpy.simulator.server import Server
from xoxzo.cloudpy.simulator.web import live_streams
from xoxzo.cloudpy.simulator.web.control_api.routes import ROUTES_BY_SUBJECT

NUMBER = "+818012345678"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
DOCUMENT = document("control")


@pytest.fixture
def server() -> Iterator[Server]:
    """A served simulator whose clock stands."""
    settings = Settings(seed=1, legacy_sin=True, k_premium_senders=frozenset())
    with Simulator(settings, clock=SteppedClock()).serve() as served:
        yield served


class Control:
    """Asks the control API, and holds every answer against the document."""

    def __init__(self, page: Web) -> None:
        self.page = page
        self.asked: set[str] = set()

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        entry = _described(path.partition("?")[0])
        found, answer = self.page.json(method, f"/_simulator/{path}", body)
        assert found == status, answer
        described = DOCUMENT["paths"][f"/_simulator/{entry}"][method.lower()]
        schema = described["responses"][str(status)]["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, answer)
        self.asked.add(f"{method} {entry}")
        return answer


def _described(path: str) -> str:
    given = path.split("/")
    for chapter in ROUTES_BY_SUBJECT.values():
        for entry in chapter:
            parts = entry.path.split("/")
            if len(parts) == len(given) and all(a == b or a[0] == "{" for a, b in zip(parts, given, strict=True)):
                return entry.path
    raise AssertionError(path)


def test_every_request_is_answered_as_described(  # noqa: PLR0915 - one scenario, so that nothing is left out
    server: Server, listener: Listener
) -> None:
    """One scenario makes every request of the table; every answer is as the document says."""
    with web(server.url) as page:
        ask = Control(page)

        def send(**fields: str) -> str:
            body = "&".join(f"{name}={quote(value)}" for name, value in {**SMS, **fields}.items())
            return json.loads(page("POST", "/sms/messages/", body.encode(), **FORM)[2])[0]["msgid"]

        def line(kind: str, parent: str) -> str:
            number = page.json("GET", f"/{parent}/{kind}s/")[1][0]
            uid = number[f"{kind}_uid"]
            assert page.json("POST", f"/{parent}/{kind}s/subscriptions/", {f"{kind}_uid": uid})[0] == 201
            assert page.json("POST", f"/{parent}/{kind}s/subscriptions/{uid}/", {"action_url": listener.url})[0] == 200
            return number[kind]

        assert ask("GET", "health")["status"] == "ok"
        assert any(setting["name"] == "seed" for setting in ask("GET", "settings"))
        rule = ask("POST", "rules", {"pattern": "+8180", "outcome": "hold"}, status=201)
        assert ask("GET", "rules") == [rule]
        first, second, third = send(callbackurl=listener.url), send(), send(message="😀 あ")
        ask("POST", "clock/advance", {"seconds": 2, "minutes": 1})
        assert [found["ident"] for found in ask("GET", "held")] == [first, second, third]
        assert ask("POST", f"messages/{first}/deliver", {})["found"]["status"] == "DELIVERED"
        assert ask("POST", f"messages/{second}/fail", {})["found"]["status"] == "FAIL"
        assert ask("POST", f"messages/{third}/delay", {"seconds": 5})["found"]["status"] == "DELIVERING"
        ask("POST", "clock/advance", {"hours": 1})
        *_, delayed, delivered = ask("GET", f"timeline/{third}")["entries"]
        assert (delayed["facts"]["why"], delivered["facts"]["status"]) == ("delayed by 5 s", "DELIVERED")
        ask("POST", f"callbacks/{first}/resend", {})
        ask("POST", "clock/advance", {"seconds": 0})
        assert [one["outcome"] for one in ask("GET", "callbacks")] == ["delivered", "delivered"]
        assert ask("GET", "search?q=status%3Adelivered&limit=1")["items"][0]["ident"] == third
        assert ask("GET", "totals?q=kind%3Asms")["by_status"]["FAIL"]["count"] == 1
        assert [one["ident"] for one in ask("GET", "export.json?q=status%3Adelivered")] == [third, first]
        status, head, body = page("GET", "/_simulator/export.csv?q=status%3Adelivered")
        ask.asked.add("GET export.csv")
        assert (status, head["content-disposition"]) == (200, 'attachment; filename="xoxzo-export.csv"')
        assert (body[:3], body.count(b"\r\n")) == (b"\xef\xbb\xbf", 3)
        assert ask("GET", "overview?minutes=5")["sms"] == {"DELIVERED": 2, "FAIL": 1}
        ask("POST", f"rules/{rule['ident']}/remove", {})

        phone = f"phones/{quote(NUMBER)}"
        sin, din = line("sin", "sms"), line("din", "voice")
        assert ask("POST", f"{phone}/messages", {"sin": sin, "text": "はい"}, status=201)["status"] == "RECEIVED"
        ask("POST", "clock/advance", {"seconds": 0})  # the reply is posted; the next answer is for the call
        listener.answers = [(200, b'say en "Hello"')]
        dialled = ask("POST", f"{phone}/calls", {"din": din}, status=201)["id"]
        ask("POST", "clock/advance", {"seconds": 0})
        assert ask("POST", f"calls/{dialled}/hang-up", {})["status"] == "ANSWERED"
        assert ask("POST", "calls", {"din": din, "caller": None}, status=201)["caller"] is None
        ask("POST", "rules", {"pattern": "", "outcome": "hold", "kind": "call"}, status=201)
        for verb, status in (("answer", "IN PROGRESS"), ("decline", "NO ANSWER"), ("ignore", "IN PROGRESS")):
            call = {"caller": "814512345678", "recipient": NUMBER, "tts_message": "Hi", "tts_lang": "en"}
            placed = page.json("POST", "/voice/simple/playbacks/", call)[1][0]["callid"]
            assert ask("POST", f"calls/{placed}/{verb}", {})["status"] == status
            assert ask("GET", f"calls/{placed}")["id"] == placed
        logged = ask("GET", "requests?status=2xx&q=voice&limit=2")["items"][0]
        assert ask("GET", f"requests/{logged['id']}")["curl"].startswith(f"curl -i -u sid {server.url}/voice/")
        assert ask("GET", "phones?limit=1")["items"][0]["number"] == NUMBER
        assert len(ask("GET", phone)["messages"]) == 3
        assert ask("GET", f"{phone}/thread?limit=1")["items"][0]["kind"] == "call"

        page.json("POST", "/sms/templates/", {"name": "A", "content": "Hi {name}"})
        assert ask("GET", "templates")[0]["status"] == "PENDING"
        assert ask("POST", "templates/1/approve", {})["status"] == "APPROVED"
        assert ask("POST", "templates/1/return", {})["approved_content"] == "Hi {name}"
        before = ask("GET", "accounts")[0]["credits"]
        assert ask("POST", "accounts/sid/credits", {"amount": 12.5})["credits"] == before + 12.5
        assert not ask("POST", "accounts/sid/verify", {"verified": False})["verified"]
        assert not ask("POST", "accounts/sid/free-form", {"allowed": False})["free_form"]
        assert ask("POST", "senders", {"sender": "0312341234"}, status=201) == ask("GET", "senders")

        assert ask("POST", "clock/run", {})["stopped"] is False
        assert ask("POST", "clock/stop", {})["stopped"] is True
        assert ask("GET", "clock")["next_due"] is not None
        fault = ask("POST", "faults", {"kind": "slow", "seconds": 0.1, "chance": 0.5, "times": 2}, status=201)
        assert ask("GET", "faults")["faults"] == [fault]
        ask("POST", f"faults/{fault['ident']}/remove", {})
        ask("POST", "faults/all-normal", {})
        ask("POST", "reset", {})
        assert ask("GET", "phones")["items"] == []
    assert ask.asked == {f"{entry.method} {entry.path}" for chapter in ROUTES_BY_SUBJECT.values() for entry in chapter}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "search?q=status:nowhere", None, 400),
        ("GET", "search?limit=x", None, 400),
        ("GET", "totals?q=kind:x", None, 400),
        ("GET", "export.json?q=kind:x", None, 400),
        ("GET", "search?limit=0", None, 400),
        ("GET", "timeline/x", None, 404),
        ("GET", "requests?status=x", None, 400),
        ("GET", "requests/99", None, 404),
        ("GET", "overview?minutes=9999", None, 400),
        ("POST", "rules", {"pattern": 3, "outcome": "hold"}, 400),
        ("POST", "rules", {"pattern": "+81", "outcome": "fly"}, 400),
        ("POST", "rules/x/remove", {}, 404),
        ("POST", "rules/7/remove", {}, 404),
        ("POST", "messages/x/delay", {"seconds": "soon"}, 400),
        ("POST", "messages/x/deliver", {}, 404),
        ("POST", "calls/x/answer", {}, 404),
        ("POST", "callbacks/x/resend", {}, 404),
        ("POST", "accounts/x/credits", {"amount": 1}, 404),
        ("POST", "accounts/x/credits", {"amount": -1}, 400),
        ("POST", "senders", {"sender": "x"}, 400),
        ("POST", "phones/+818012345678/messages", {"sin": "1", "text": "a"}, 404),
        ("POST", "phones/+818012345678/messages", {"sin": "1", "text": ""}, 400),
        ("POST", "faults/1/remove", {}, 404),
        ("POST", "clock/advance", {"days": 10**7}, 400),
    ],
)
def test_what_cannot_be_done_is_reported(server: Server, method: str, path: str, body: Any, status: int) -> None:
    """A wrong request is refused with a sentence, and with a status that the document names."""
    with web(server.url) as page:
        assert Control(page)(method, path, body, status=status)["detail"]


def test_callbacks_cannot_use_it(server: Server) -> None:
    """Whoever may only send an SMS does not change the simulator by its callback."""
    fields = request_headers("application/json")
    with web(server.url) as page:
        assert page("POST", "/_simulator/reset", b"{}", **{**fields, "User-Agent": "curl"})[0] == 200
        assert page("POST", "/_simulator/reset", b"{}", **fields)[0] == 403


def test_other_sites_cannot_use_it(server: Server) -> None:
    """A page of another site deletes nothing, even where a browser lets it post JSON."""
    with web(server.url) as page:
        page.json("POST", "/sms/messages/", SMS)
        for fields in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://other.example"}):
            assert page.json("POST", "/_simulator/reset", {}, **fields)[0] == 403
            assert page.json("GET", "/_simulator/phones", **fields)[1]["items"]
        assert page.json("POST", "/_simulator/reset", {}, Origin=server.url)[0] == 200
        assert not page.json("GET", "/_simulator/phones")[1]["items"]


def test_the_document_is_valid_and_names_the_server_that_serves_it(server: Server) -> None:
    """It is OpenAPI 3.1, and a running simulator names itself alone."""
    validate(DOCUMENT)
    with web(server.url) as page:
        assert page.json("GET", "/_simulator/openapi.json")[1] == document("control", server.url)


def test_the_document_requires_every_field_of_an_answer(server: Server) -> None:
    """What has a default inside the simulator is answered all the same, so clients may rely on it."""
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("Completed", "MinuteFigures", "TimelineEntry", "OutcomeRule", "Fault"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]), name
    assert schemas["NewFault"]["required"] == ["kind"]
    with web(server.url) as page:
        minute = page.json("GET", "/_simulator/overview?minutes=1")[1]["minutes"][0]
        assert set(minute) == set(schemas["MinuteFigures"]["required"])


def test_events_are_streamed_as_they_happen(server: Server) -> None:
    """A stream tells each event with its facts, numbers and text, and ends when the server does."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /_simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stream = line.makefile("rb")
        reported = iter(stream)
        assert next(reported) == b"HTTP/1.1 200 OK\r\n"
        assert any(part == b"retry: 1000\n" for part in reported)
        server.simulator.stop_clock()
        with web(server.url) as page:
            page.json("POST", "/sms/messages/", SMS)
        assert next(part for part in reported if part.startswith(b"event:")) == b"event: clock\n"
        assert next(part for part in reported if part.startswith(b"event:")) == b"event: sms\n"
        assert {"event": "sms", "to": SMS["recipient"], "text": SMS["message"]}.items() <= json.loads(
            next(reported).removeprefix(b"data:")
        ).items()
        server.stop()
        assert list(reported)[-2:] == [b"0\r\n", b"\r\n"]


def test_a_slow_reader_gets_the_number_of_dropped_events() -> None:
    """The oldest unread events are dropped, and counted, whether they came one by one or at once."""

    async def fall_behind() -> None:
        stream, streams = live_streams.EventStream(), live_streams.Streams(Simulator())
        streams.open(stream)
        for number in range(live_streams.MAX_WAITING + 5):
            streams.on_event(Event(0.0, "sms", str(number)))
        streams._pass_on()
        lost, *sent = stream.take().decode().removesuffix("\n\n").split("\n\n")
        assert lost == 'event: lost\ndata: {"events": 5}'
        assert (len(sent), json.loads(sent[0].partition("data: ")[2])["id"]) == (live_streams.MAX_WAITING, "5")
        for number in range(live_streams.MAX_WAITING + 5):
            streams.on_event(Event(0.0, "sms", str(number)))
            streams._pass_on()
        assert stream.take().startswith(b'event: lost\ndata: {"events": 5}\n\nevent: sms\n')
        assert stream.take() == b""

    asyncio.run(fall_behind())


def test_an_event_is_encoded_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many streams are open, each event becomes JSON once."""
    encoded: list[str] = []

    def encode(event: Event, show_content: bool) -> str:
        encoded.append(event.ident)
        return event_json(event, show_content)

    monkeypatch.setattr(live_streams, "event_json", encode)
    with ExitStack() as streams:
        readers = []
        for _ in range(3):
            line = streams.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            line.sendall(b"GET /_simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            readers.append(line.makefile("rb"))
            assert any(part == b"retry: 1000\n" for part in readers[-1])
        with server.simulator.engine as engine:
            engine.context.publish("sms", "one")
        for reader in readers:
            assert any(part.startswith(b"data:") for part in reader)
    assert encoded == ["one"]


def test_readers_that_do_not_read_are_dropped(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that stops reading is disconnected, whatever is waiting for it, and the others go on."""
    monkeypatch.setattr(live_streams, "WRITE_TIMEOUT_SECONDS", 0.5)
    with ExitStack() as lines:
        idle = lines.enter_context(socket.socket())
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.connect(("127.0.0.1", server.port))
        idle.settimeout(60)
        idle.sendall(b"GET /_simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        other = lines.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        other.sendall(b"GET /_simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reading = iter(other.makefile("rb"))
        assert any(part == b"retry: 1000\n" for part in reading)
        for number in range(1_000):
            with server.simulator.engine as engine:
                engine.context.publish("sms", str(number), content="x" * 300_000)
            while b'"text"' not in next(reading):
                pass
            assert server._listener is not None
            if idle.getsockname() not in server._listener.open_connections():
                break
        assert other.getsockname() in server._listener.open_connections()
        assert idle.getsockname() not in server._listener.open_connections()


def test_there_are_not_more_streams_than_can_be_served(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream too many is refused; a quiet one is kept alive."""
    monkeypatch.setattr(live_streams, "MAX_STREAMS", 1)
    monkeypatch.setattr(live_streams, "HEARTBEAT_SECONDS", 0.01)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /_simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert any(part == b": nothing new\n" for part in line.makefile("rb"))
        with web(server.url) as page:
            assert page.json("GET", "/_simulator/events")[0] == 503
