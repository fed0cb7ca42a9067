"""curl, as the API's own documentation uses it, against a running simulator: every form in which a request may come."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

FORM_SMS = [
    "--data-urlencode",
    "message=こんにちは",
    "--data-urlencode",
    "recipient=+818011112222",
    "-d",
    "sender=Xoxzo1",
]
FORM_CALL = ["-d", "caller=814512345678", "--data-urlencode", "recipient=+818011112222"]
MP3 = ["-d", "recording_url=http://www.example.com/123.mp3"]


@dataclass
class Answer:
    """What curl printed."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Curl:
    """Calls curl with one account's credentials.

    Args:
        url: the simulator.
        account: sid and token.
    """

    def __init__(self, url: str, account: tuple[str, str]) -> None:
        self.url = url
        self.user = ":".join(account)

    def __call__(self, path: str, *options: str, user: str | None = None) -> Answer:
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--include",
            "--globoff",
            "-u",
            self.user if user is None else user,
        ]
        done = subprocess.run(
            [*command, *options, self.url + path], capture_output=True, encoding="utf-8", check=True, timeout=20
        )
        # After a redirect curl shows both heads.
        *_, head, text = done.stdout.replace("\r\n", "\n").split("\n\n", done.stdout.count("HTTP/1.1 "))
        first, *lines = head.split("\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return Answer(int(first.split(" ")[1]), headers, text)


@pytest.fixture
def curl(simulator_url, account) -> Curl:
    return Curl(simulator_url, account)


def json_body(fields: dict[str, Any]) -> list[str]:
    return ["-H", "Content-Type: application/json", "-d", json.dumps(fields)]


SMS = {"message": "こんにちは", "recipient": "+818011112222", "sender": "Xoxzo1"}


@pytest.mark.parametrize(
    "options",
    [
        FORM_SMS,
        ["-X", "POST", *FORM_SMS, "-d", "callbackurl=http://127.0.0.1:9/dlr/", "-d", "tags=tag1,tag2"],
        json_body(SMS),
        [argument for name, value in SMS.items() for argument in ("-F", f"{name}={value}")],
        [*FORM_SMS, "-d", "track_link=true", "-d", "lt_callbackurl=http://127.0.0.1:9/click/"],
        [*FORM_SMS, "-d", "jp_kp=true", "-d", "jp_kp_sender=0312341234"],
        [*FORM_SMS, "-d", "jp_kpl=true", "-d", "jp_kp_sender=0312341234"],
        json_body({**SMS, "track_link": True}),
    ],
    ids=["form", "form with options", "JSON", "multipart", "tracking", "K-premium", "K-premium Lite", "JSON true"],
)
def test_sending_an_sms(curl, options) -> None:
    """A send is a 201 with a list of one msgid, in whichever form it comes (API sections 1.3, 1.4, 2.1)."""
    answer = curl("/sms/messages/", *options)
    assert (answer.status, answer.headers["content-type"]) == (201, "application/json")
    ((field, msgid),) = answer.json[0].items()
    assert (len(answer.json), field) == (1, "msgid")
    assert re.fullmatch("[A-Za-z0-9]{32}", msgid)
    record = curl(f"/sms/messages/{msgid}/").json
    assert record["recipient"] == "+818011112222"
    assert record["tags"] == (["tag1", "tag2"] if "tags=tag1,tag2" in options else [])


def test_asking_for_a_message_with_and_without_the_slash(curl) -> None:
    """The status is an object with the documented fields; without its slash the address redirects (API 1.2, 2.2)."""
    msgid = curl("/sms/messages/", *FORM_SMS).json[0]["msgid"]
    record = curl(f"/sms/messages/{msgid}/")
    names = {"msgid", "url", "recipient", "sender", "status", "sent_time", "cost", "tags", "link_tracking", "parts"}
    assert (record.status, set(record.json)) == (200, names)
    assert record.json["url"].endswith(f"/sms/messages/{msgid}/")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", record.json["sent_time"])
    redirected = curl(f"/sms/messages/{msgid}")
    assert (redirected.status, redirected.headers["location"]) == (301, f"/sms/messages/{msgid}/".lower())
    assert curl(f"/sms/messages/{msgid}", "-L").json["msgid"] == msgid


@pytest.mark.parametrize("encoded", [False, True], ids=["raw", "encoded"])
@pytest.mark.parametrize(
    ("operator", "days", "found"),
    [
        ("=", 0, True),
        (">=", 0, True),
        ("<=", 0, True),
        (">", 1, True),
        ("<", 0, False),
        ("=", 89, False),
        ("=", 90, False),
    ],
)
def test_listing_by_day(curl, operator, days, found, encoded) -> None:
    """The operator stands in the query's text, whether curl sends it raw or encoded (API section 2.3)."""
    msgid = curl("/sms/messages/", *FORM_SMS).json[0]["msgid"]
    day = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d")
    written = operator.replace("<", "%3C").replace(">", "%3E") if encoded else operator
    answer = curl(f"/sms/messages/?sent_date{written}{day}")
    assert answer.status == 200
    assert [record["msgid"] for record in answer.json] == ([msgid] if found else [])


def test_listing_everything(curl) -> None:
    """Without a filter everything is listed, and nothing is an empty list."""
    assert curl("/sms/messages/").json == []
    msgid = curl("/sms/messages/", *FORM_SMS).json[0]["msgid"]
    assert [record["msgid"] for record in curl("/sms/messages/").json] == [msgid]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("sent_date=2016-13-01", {"sent_date": ["Invalid sent_date format"]}),
        ("sent_date=2016-05-18", {"sent_date": ["Invalid sent_date"]}),
        ("sent_date=%3E%3D2016-05-18", {"sent_date": ["Invalid sent_date format"]}),
        ("foo=bar", {"foo": ["Invalid parameter"]}),
    ],
)
def test_listing_wrongly(curl, query, body) -> None:
    """A wrong filter is a 400 that names it (API sections 1.5, 2.3, 15.19)."""
    answer = curl(f"/sms/messages/?{query}")
    assert (answer.status, answer.json) == (400, body)


@pytest.mark.parametrize(
    "options",
    [
        [*FORM_CALL, *MP3],
        [*FORM_CALL, *MP3, "-d", "callbackurl=http://127.0.0.1:9/", "-d", "tags=tag1,tag2"],
        [*FORM_CALL, "--data-urlencode", "tts_message=おはよう", "-d", "tts_lang=ja"],
        json_body({"caller": "81", "recipient": "+818011112222", "recording_url": "http://www.example.com/1.mp3"}),
    ],
    ids=["mp3", "mp3 with options", "text", "JSON"],
)
def test_calling(curl, options) -> None:
    """A call is a 201 with a list of one callid, and its record an object (API sections 5.1, 5.2)."""
    answer = curl("/voice/simple/playbacks/", *options)
    assert answer.status == 201
    callid = answer.json[0]["callid"]
    record = curl(f"/voice/calls/{callid}/")
    assert (record.status, record.json["call_type"], record.json["direction"]) == (200, "simple/playbacks", "outbound")
    assert record.json["status"] in {"IN PROGRESS", "ANSWERED"}
    assert not record.json["caller"].startswith("+")
    assert curl(f"/voice/calls/{callid}", "-L").json["callid"] == callid


def test_dial_in_numbers(curl) -> None:
    """Search, subscribe, list, set the action URL and release, with the documented shapes (API section 6)."""
    found = curl("/voice/dins/?country=JP")
    assert found.status == 200
    assert set(found.json[0]) == {"country_code", "din", "din_uid", "minute_cost", "monthly_cost", "prefix"}
    assert {item["prefix"] for item in curl("/voice/dins/?prefix=813").json} == {"3"}
    assert (curl("/voice/dins/?country=US").json, curl("/voice/dins/?foo=bar").status) == ([], 400)
    uid = found.json[-1]["din_uid"]
    assert re.fullmatch("JP[A-Za-z0-9]{14}", uid)
    assert curl("/voice/dins/subscriptions/", "-d", f"din_uid={uid}").status == 201
    assert curl("/voice/dins/subscriptions/", "-d", "din_uid=0123456789").status == 400
    action = ["--data-urlencode", "action_url=https://127.0.0.1:9/action"]
    answer = curl(f"/voice/dins/subscriptions/{uid}/", *action)
    assert (answer.status, answer.text) == (200, "")
    (item,) = curl("/voice/dins/subscriptions/").json
    assert (item["din_uid"], item["action"]) == (uid, {"url": "https://127.0.0.1:9/action"})
    answer = curl(f"/voice/dins/subscriptions/{uid}/", "-X", "DELETE")
    assert (answer.status, answer.text) == (200, "")
    assert curl(f"/voice/dins/subscriptions/{uid}/", "-X", "DELETE").status == 404


def test_credits(curl) -> None:
    """The balance is an object with a number (API section 9.1), and a send takes from it."""
    assert curl("/you/credits/").json == {"credits": 100000.0}
    curl("/sms/messages/", *FORM_SMS)
    assert curl("/you/credits/").json == {"credits": 99990.0}


def test_refusals(curl) -> None:
    """The documented refusals, word for word (API section 1.5)."""
    answer = curl("/sms/messages/", "-d", "sender=Xoxzo1", "--data-urlencode", "recipient=+818011112222")
    assert (answer.status, answer.json) == (400, {"message": ["This field is required."]})
    answer = curl("/voice/simple/playbacks/", *FORM_CALL)
    assert (answer.status, answer.json) == (400, {"recording_url": ["This field is required."]})
    answer = curl("/sms/messages/", *FORM_SMS, user="nobody:")
    assert (answer.status, answer.json) == (401, {"detail": "Invalid sid/token"})
    for gone in ("/sms/messages/x/", "/voice/calls/x/", "/nowhere/"):
        answer = curl(gone)
        assert (answer.status, answer.text) == (404, "")
        assert "content-type" not in answer.headers
    answer = curl("/sms/messages/", "-X", "PUT", *FORM_SMS)
    assert (answer.status, answer.json) == (405, {"detail": 'Method "PUT" not allowed.'})
