"""What a recording holds, what it never holds, and what is answered from it."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from faulty_server import FaultyServer, close, hang, raw, reply
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st
from transport_runner import Async, Sync, budget

from xoxzo.cloudpy import AsyncClient, Client, errors
from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.protocols import AsyncCompleteResponse, Progress, Request, TransportFailure
from xoxzo.cloudpy.transports import redaction
from xoxzo.cloudpy.transports.aio import AsyncHttpTransport
from xoxzo.cloudpy.transports.recorder import AsyncRecorder, AsyncReplayer, Recorder, Replayer
from xoxzo.cloudpy.transports.redaction import is_number
from xoxzo.cloudpy.transports.threads import HttpTransport

if TYPE_CHECKING:
    from pathlib import Path

NUMBER, OTHER, TEXT, TOKEN = "+818011112222", "+818033334444", "Your code is 482913", "s3cr3t-t0ken-of-mine"
MESSAGE: dict[str, Any] = {"recipient": NUMBER, "sender": "Shop", "message": TEXT}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Canned:
    """A transport that answers by itself what a server might."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        self._body, self._left = body, b""

    def send(self, request: Request, budget: object, progress: Progress) -> Canned:
        progress.write_started = True
        self._left = self._body
        return self

    def read(self, budget: object) -> bytes:
        piece, self._left = self._left, b""
        return piece

    def close(self) -> None:
        """Nothing is open."""


def asked(body: dict[str, Any], kind: str = FORM, path: str = "/sms/messages/", token: str = TOKEN) -> Request:
    encoded = urlencode(body).encode() if kind == FORM else json.dumps(body).encode()
    secret = "Basic " + base64.b64encode(f"sid-of-mine:{token}".encode()).decode()
    return Request("POST", f"https://api.xoxzo.com{path}", (("authorization", secret), ("content-type", kind)), encoded)


def record(file: Path, request: Request, status: int, body: bytes, headers: dict[str, str] | None = None) -> str:
    """Record one exchange and give what is in the file."""
    Sync(Recorder(Canned(status, body, headers), file)).exchange(request, budget())
    return file.read_text("utf-8")


def only(file: Path) -> dict[str, Any]:
    title, *lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert title == {"xoxzo_recording": 1}
    assert len(lines) == 1
    return dict(lines[0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recording.jsonl"


def test_what_is_recorded(file) -> None:
    """A line holds method, path, the names of the fields, status, and the reply with ids, statuses and stamps."""
    body = {
        "msgid": "abc123",
        "recipient": NUMBER,
        "status": "DELIVERED",
        "sent_time": "2026-05-18 01:02:03",
        "cost": 15.0,
    }
    record(
        file, asked({"recipient": NUMBER, "message": TEXT}), 201, json.dumps([body, {"tags": [], "x": None}]).encode()
    )
    line = only(file)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/sms/messages/", 201)
    assert line["asked"] == {"recipient": "+818000000000", "message": "•••"}
    assert json.loads(line["body"]) == [body | {"recipient": "+818000000000"}, {"tags": [], "x": None}]


def test_a_number_is_the_same_fictitious_one_throughout(file) -> None:
    """Written with or without its sign, with hyphens, in a path or as a number: it stays recognisable as itself."""
    request = asked({"recipient": NUMBER, "caller": OTHER}, path="/lookup/818011112222/")
    record(file, request, 200, b'{"recipient": "818011112222", "din": "81-80-3333-4444", "cost": 818011112222}')
    line = only(file)
    assert line["path"] == "/lookup/818000000000/"
    assert line["asked"] == {"recipient": "+818000000000", "caller": "+818000000001"}
    assert json.loads(line["body"]) == {"recipient": "818000000000", "din": "818000000001", "cost": 0}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"non_field_errors": ["Not enough credits, required: 20"]}', True),
        (b'{"detail": "Request was throttled. Expected available in 1 second."}', True),
        (b'{"recipient": ["This field is required."]}', True),
        (b'{"recipient": ["+818011112222 is not a number"]}', False),
        (b'{"Your code is 482913": [1]}', False),
        (b'{"code": 482913, "carrier": "KDDI"}', False),
        (b"<h1>Server Error</h1>", False),
        (b"\xff\xfe", False),
        (b"[" * 100_000, False),
        (b'""', True),
        (b"", True),
    ],
)
def test_only_what_is_known_to_be_harmless_stays_of_a_reply(file, body, kept) -> None:
    """The server's own sentences stay, since a client acts on them; what is not known is taken out."""
    record(file, asked(MESSAGE), 400, body)
    stored = only(file).get("body", "")
    assert (stored.replace(" ", "") == body.decode("latin-1").replace(" ", "")) is kept
    assert "482913" not in stored


@pytest.mark.parametrize(
    "step", ["Your code is 482913", "sid-of-mine", "+818011112222", "482913", "a818011112222b", "ä"]
)
def test_a_path_shows_no_secret(file, step) -> None:
    """A number, a text or a credential is taken out of a path as well; ids and the API's words stay."""
    from urllib.parse import quote

    text = record(
        file, asked({"code": "482913"}, path=f"/sms/{quote(step)}/aB3-_x/?recipient=%2B818011112222"), 200, b""
    )
    assert only(file)["path"].startswith("/sms/")
    assert only(file)["path"].endswith("/aB3-_x/")
    assert step not in text
    assert "818011112222" not in text


def test_headers_that_steer_a_client_stay(file) -> None:
    """How to read a reply and when to come back is kept; nothing else is."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "retry-after": "3",
        "set-cookie": "a=b",
        "x-echo": TEXT,
    }
    record(file, asked(MESSAGE), 429, b"{}", headers)
    assert only(file)["headers"] == {"content-type": "application/json; charset=utf-8", "retry-after": "3"}
    assert "headers" not in only_of(file, {"content-type": TEXT, "retry-after": "tomorrow"})


def only_of(file: Path, headers: dict[str, str]) -> dict[str, Any]:
    record(file, asked(MESSAGE), 200, b"", headers)
    return only(file)


def test_a_body_of_another_kind_is_not_kept(file) -> None:
    """What is neither a form nor JSON leaves no word of itself, and no body leaves nothing."""
    head = (("content-type", "text/plain"),)
    assert TEXT not in record(file, Request("POST", "https://a.test/x/", head, TEXT.encode()), 200, b'{"id": "abcd"}')
    assert only(file)["asked"] == {"•••": "•••"}
    record(file, Request("GET", "https://a.test/x/", (("authorization", "Basic é"),)), 200, b"")
    assert "asked" not in only(file)
    record(
        file, Request("POST", "https://a.test/x/", (("content-type", JSON),), b'["hello"]'), 200, b'{"id": "hello-1"}'
    )
    assert (only(file)["asked"], json.loads(only(file)["body"])) == ({"•••": "•••"}, {"id": "hidden-0"})
    record(file, Request("POST", "https://a.test/x/", head, b'{"hello'), 200, b'{"id": "hello-1"}')
    assert only(file)["asked"] == {"•••": "•••"}


def test_the_file_is_its_owners_alone_and_made_anew(file) -> None:
    """Others may not read it, even if an older file there could be read, and the older one is gone."""
    file.write_text("old", "utf-8")
    file.chmod(0o644)
    text = record(file, asked(MESSAGE), 200, b"")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "old" not in text


SECRET = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=5, max_size=40)
DIGITS = st.from_regex(r"8[1-9]\d{9,11}", fullmatch=True)
BASELINE = {"text": "Zq-neutral-Zq", "token": "Yx-neutral-Yx", "number": "899999999999"}


def exchanged(folder: Path, kind: str, text: str, token: str, number: str) -> str:
    """Record an exchange in which a text, a token and a number stand wherever they could."""
    fields = {"recipient": f"+{number}", "sender": text, "message": text, "code": text, "caller": number}
    if kind == JSON:
        fields |= {"variables": {"name": text, "also": [f"+{number}"]}}  # type: ignore[dict-item]
    body: dict[str, Any] = dict.fromkeys(("msgid", "id", "status", "sent_time", "detail", "url", "country"), text)
    body |= {text: text, token: 1, f"+{number}": number, "callid": token, "din_uid": f"a{number}b", "din": number}
    body |= {"recipient": [f"+{number} {text} {token}"], "cost": int(number), "tags": [text, token, f"+{number}"]}
    path = f"/sms/{quote(text, safe='')}/{quote(token, safe='')}/%2B{number}/{number}/?q={quote(text)}"
    headers = {"content-type": text, "retry-after": number, "x": token}
    return record(folder / "recording.jsonl", asked(fields, kind, path, token), 400, json.dumps(body).encode(), headers)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kind=st.sampled_from([FORM, JSON]), text=SECRET, token=SECRET, number=DIGITS)
@example(FORM, TEXT, TOKEN, "818011112222")
@example(JSON, "abcdefgh", "0123456789abcdef0123456789abcdef", "818011112222")
@example(FORM, "a/aaa", "0000;", "81000000000")
def test_no_number_text_or_token_is_in_the_file(tmp_path, kind, text, token, number) -> None:
    """Wherever they stand in an exchange, they are not in its recording: not as they are, nor encoded in any way."""
    # The API's own words stay, even in a text; Hypothesis finds them in our code.
    assume(not {text, token} & (redaction._FIELDS | redaction._PATH_SEGMENTS))
    for known in (redaction._SENTENCE, redaction._STATUS):
        assume(not any(map(known.fullmatch, (text, token))))
    # What is nothing but a number is replaced like one, by a number that it may happen to be a part of.
    assume(":" not in token and not is_number(text) and not is_number(token) and not number.startswith("81800"))
    neutral = exchanged(tmp_path, kind, **BASELINE)
    # Words that the file holds anyway, because they are the API's or the format's, prove nothing.
    assume(all(secret not in neutral and json.dumps(secret)[1:-1] not in neutral for secret in (text, token)))
    stored = exchanged(tmp_path, kind, text, token, number)
    for secret in (text, token, number):
        quoted = json.dumps(secret)
        for shape in (secret, quoted[1:-1], json.dumps(quoted)[3:-3], urlencode({"": secret})[1:]):
            assert shape not in stored


def test_a_client_gets_from_a_recording_what_it_got_from_the_server(file) -> None:
    """Recorded and replayed, the same program comes to the same results, numbers aside."""
    answers = [
        reply(201, '[{"msgid": "abc"}]'),
        reply(
            200, f'{{"msgid": "abc", "recipient": "{NUMBER}", "sender": "Shop", "status": "DELIVERED", "cost": 15.0}}'
        ),
        reply(404),
        reply(403, '{"non_field_errors": ["Not enough credits, required: 20"]}'),
    ]

    def program(transport: Any, url: str) -> list[Any]:
        with Client(sid="a", auth_token=TOKEN, base_url=url, transport=transport) as client:
            sent = client.sms.send(**MESSAGE)
            message = client.sms.get(sent.msgid)
            with pytest.raises(errors.NotFound):
                client.sms.get("nothing")
            with pytest.raises(errors.NotEnoughCredits) as poor:
                client.sms.send(**MESSAGE)
            return [sent.msgid, message.status, message.cost, poor.value.required]

    with FaultyServer(*answers) as server:
        recorder = Recorder(HttpTransport(), file)
        real = program(recorder, server.url)
        recorder.close()
    assert program(Replayer(file), "https://api.xoxzo.com") == real
    assert real[2:] == [Decimal(15), Decimal(20)]
    assert NUMBER not in file.read_text("utf-8")


def recorder_of(file: Path, face: str) -> Any:
    return Recorder(HttpTransport(), file) if face == "threads" else AsyncRecorder(AsyncHttpTransport(), file)


def send(options: dict[str, Any]) -> None:
    with closing(options["transport"]), Client(timeout=(10.0, 0.2), **options) as client:
        client.sms.send(**MESSAGE)


async def send_async(options: dict[str, Any]) -> None:
    try:
        async with AsyncClient(timeout=(10.0, 0.2), **options) as client:
            await client.sms.send(**MESSAGE)
    finally:
        await options["transport"].close()


FACES = {"threads": send, "asyncio": lambda options: asyncio.run(send_async(options))}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (close, errors.ResponseLost),
        (hang, errors.TimedOut),
        (raw(b"HTTP/1.1 201 Created\r\ncontent-length: 60\r\n\r\n[{"), errors.ResponseLost),
        (None, errors.ConnectionFailed),
    ],
    ids=["closed", "hanging", "cut short", "nobody there"],
)
@pytest.mark.parametrize("face", ["threads", "asyncio"])
def test_a_failure_is_replayed_as_it_was(file, fault, error, face) -> None:
    """The error and what it says of the request are the same from the recording as from the network."""

    def program(transport: Any, url: str) -> tuple[bool, str]:
        options: Any = {"sid": "a", "auth_token": "b", "base_url": url, "transport": transport, "max_retries": 0}
        with pytest.raises(error) as caught:
            FACES[face](options)
        return caught.value.maybe_sent, caught.value.reason

    with FaultyServer(fault or close) as server:
        url = server.url if fault else "http://127.0.0.1:9"
        real = program(recorder_of(file, face), url)
    assert program(Replayer(file) if face == "threads" else AsyncReplayer(file), url) == real
    assert real[0] is (fault is not None)


def test_a_deadline_is_recorded_as_one(file) -> None:
    """To an asynchronous transport the deadline is a cancellation; replayed, it is the deadline again."""

    async def give_up(transport: Any, url: str) -> None:
        async with AsyncClient(sid="a", auth_token="b", base_url=url, transport=transport, deadline=1.0) as client:
            with pytest.raises(errors.TimedOut) as caught:
                await client.sms.send(**MESSAGE)
        await transport.close()
        assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", True)

    with FaultyServer(hang) as server:
        asyncio.run(give_up(recorder_of(file, "asyncio"), server.url))
    asyncio.run(give_up(AsyncReplayer(file), "https://api.xoxzo.com"))


def test_what_no_server_did_is_not_recorded(file) -> None:
    """An interruption, or a transport that cannot work, is no part of an exchange."""

    class Broken(Canned):
        def send(self, request: Request, budget: object, progress: Progress) -> Canned:
            raise ConfigurationError("broken")

    with pytest.raises(ConfigurationError):
        Recorder(Broken(200, b""), file).send(asked(MESSAGE), budget(), Progress())
    assert file.read_text("utf-8") == '{"xoxzo_recording":1}\n'


def test_an_answer_closed_twice_is_one_exchange(file) -> None:
    """Closing again writes nothing again."""
    answer = Recorder(Canned(200, b"[]"), file).send(asked(MESSAGE), budget(), Progress())
    answer.close()
    answer.close()
    assert only(file)["status"] == 200


def test_an_asynchronous_answer_closed_twice_is_one_exchange(file) -> None:
    """Closing again writes nothing again."""

    class Immediate:
        async def send(self, request: Request, budget: object, progress: Progress) -> AsyncCompleteResponse:
            return AsyncCompleteResponse(200, {}, b"[]", None)

    async def close_twice() -> None:
        answer = await AsyncRecorder(Immediate(), file).send(asked(MESSAGE), budget(), Progress())
        await answer.close()
        await answer.close()

    asyncio.run(close_twice())
    assert only(file)["status"] == 200


def test_an_unmatched_request_says_what_was_expected(file) -> None:
    """A request that was not recorded is an error that names it, without its numbers, and the next one recorded."""
    record(file, asked(MESSAGE), 201, b'[{"msgid": "abc"}]')
    replayer = Replayer(file)
    wanted = r"no answer left for POST /voice/818000000000/; expected next: POST /sms/messages/$"
    with pytest.raises(ConfigurationError, match=wanted):
        replayer.send(asked(MESSAGE, path="/voice/818011112222/"), budget(), Progress())
    assert Sync(replayer).exchange(asked(MESSAGE), budget()).body == b'[{"msgid":"abc"}]'
    with pytest.raises(ConfigurationError, match="nothing more was recorded"):
        replayer.send(asked(MESSAGE), budget(), Progress())


def test_requests_are_matched_by_method_path_and_order(file) -> None:
    """The query does not count, nor which number stands in the path; of several answers the first comes first."""
    recorder = Recorder(Canned(200, b"{}"), file)
    for status, method, path in [(200, "GET", "/a/1/"), (201, "GET", "/a/1/?x=1"), (202, "GET", "/b/818011112222/")]:
        recorder._inner = Canned(status, b"{}")
        Sync(recorder).exchange(Request(method, "https://a.test" + path, ()), budget())
    carrier = Async(AsyncReplayer(file))

    def ask(path: str, method: str = "GET") -> int | None:
        return carrier.exchange(Request(method, "https://b.test" + path, ()), budget()).status

    assert [ask("/b/818033334444/"), ask("/a/1/?y=2"), ask("/a/1/")] == [202, 200, 201]
    for path, method in [("/a/1/", "POST"), ("/a/1", "GET"), ("/a/2/", "GET")]:
        with pytest.raises(ConfigurationError):
            ask(path, method)
    carrier.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]\n", b'{"xoxzo_recording":1}\n{}\n', b'{"xoxzo_recording":1}\n{"method":"GET","path":"/"}\n'],
    ids=["empty", "another file", "no exchange", "neither answer nor failure"],
)
def test_a_file_that_is_no_recording_is_refused(file, content) -> None:
    """Another file, or a damaged one, is refused when it is opened, and the line is named."""
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"not a recording|line 2"):
        Replayer(file)


def test_a_recorded_failure_keeps_no_words_of_the_request(file) -> None:
    """What another transport says of its failure is masked, or left out when it repeats a secret."""

    class Talkative(Canned):
        def send(self, request: Request, budget: object, progress: Progress) -> Canned:
            raise TransportFailure(self.headers["reason"])

    for reason, stored in [(f"no route for {NUMBER}", "no route for +81••••2222"), (f"cannot say {TEXT}", "•••")]:
        Sync(Recorder(Talkative(0, b"", {"reason": reason}), file)).exchange(asked({"message": TEXT}), budget())
        assert only(file)["failure"]["reason"] == stored
    Replayer(file).close()
