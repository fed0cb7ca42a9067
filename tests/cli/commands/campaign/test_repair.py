"""`xoxzo campaign` after something went wrong: what is unknown, what was cut off, and who does not want any more."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from xoxzo.cloudpy.campaigns import Campaign, Content, Result as RunResult, Tally
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.records import NO_REASON
from xoxzo.cloudpy.cli.commands.campaign.render import show_result
from xoxzo.cloudpy.simulator import Simulator

Run = Callable[..., Result]
SEND = "POST /sms/messages/"
TEXT = ["--text", "{name}様", "--sender", "Shop"]


def sent(simulator: Simulator) -> int:
    return sum(len(messages) for messages in simulator.engine.sms.by_phone.values())


def _content() -> object:

    return Content(kind="text", sender="Shop", message="hello")


def test_what_is_unknown_is_listed_and_settled_manually(run: Run, simulator: Simulator) -> None:
    """Exit status 7, a list with masked numbers, and the ways out of it."""
    simulator.faults.add("lose_reply", SEND, times=1)
    simulator.faults.add("error", "GET /sms/messages/")
    result = run("run", "people.csv", *TEXT, "--yes", "--settle", "0.1", "--concurrency", "1")
    assert result.exit_code == 7
    assert "1 may have been sent; this could not be verified: xoxzo campaign unknown people" in result.stderr
    assert "line 2        +81••••0000      " in run("unknown", "people").stdout
    output = json.loads(run("unknown", "people", "--show-numbers", "--json").stdout)
    assert (output["number"], output["why"]) == ("+819010000000", "ResponseLost")
    assert run("settle", "people", "--assume-sent", "--resend-unknown").exit_code == 2
    assert run("settle", "people").exit_code == 3, "the list cannot be read"
    Path("log.csv").write_text("msgid,tags,status,cost\n", encoding="utf-8")
    result = run("settle", "people", "--usage-log", "log.csv")
    assert (result.exit_code, result.stderr) == (7, "0 records of the usage log are of this campaign\n")
    assert "1 will be sent again" in run("settle", "people", "--resend-unknown").stderr
    assert run("resume", "people").exit_code == 0
    assert len(simulator.phone("+819010000000").inbox) == 2, "as it was asked for"
    simulator.faults.all_normal()
    give_up = time.monotonic() + 30
    while "delivered             3" not in run("settle", "people", "--statuses").stdout:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert "0 are counted as sent" in run("settle", "people", "--assume-sent").stderr


def test_a_campaign_whose_wal_is_lost_is_refused_until_a_person_decides(run: Run, simulator: Simulator) -> None:
    """The error names the file and the way out; then everybody who may have been sent to is unknown."""
    with Campaign.create("a", "people.csv", _content()) as campaign:
        campaign.ledger.lock()
        shutil.copy("campaigns/a.campaign", "campaigns/b.campaign")
    result = run("resume", "b", "--yes")
    assert result.exit_code == 2
    assert "b.campaign-wal is missing: it has what was recorded last." in result.stderr
    assert "If that file is lost: xoxzo campaign settle NAME --lost-wal" in result.stderr
    result = run("settle", "b", "--lost-wal")
    assert (result.exit_code, result.stderr) == (7, "3 may have been sent and are unknown now\n")
    assert sent(simulator) == 0
    assert run("settle", "a", "--lost-wal", "--store", "campaigns").exit_code == 0, "nothing was lost there"


def test_opt_outs_count(run: Run, simulator: Simulator) -> None:
    """Suppressed numbers are left out, from the start or later; an invalid line is reported."""
    Path("out.txt").write_text("090-1000-0000\n\n", encoding="utf-8")
    assert "left out     1 is on the opt-out list" in run("plan", "people.csv", *TEXT, "--suppress", "out.txt").stdout
    with Campaign.create("two", "people.csv", _content()):
        pass
    assert "1 more number is suppressed" in run("suppress", "two", "out.txt").stderr
    assert "1 more number is suppressed" in run("suppress", "two", "-", text="09010000001\n").stderr
    assert run("resume", "two", "--yes").exit_code == 0
    assert sent(simulator) == 1
    Path("us.csv").write_text("phone\n(901) 234-5678\n2025550123\n", encoding="utf-8")
    with Campaign.create("us", "us.csv", _content(), country="US", mobile_only=False):
        pass
    assert "1 more number" in run("suppress", "us", "-", text="901-234-5678\n").stderr, "in Japan it is another one"
    assert run("resume", "us", "--yes").exit_code == 0
    assert not simulator.phone("+19012345678").inbox
    result = run("suppress", "two", "-", text="tel\n\n09010000002\nnonsense\n")
    assert (result.exit_code, "-, line 4: tel has no readable digits" in result.stderr) == (2, True)
    result = run("suppress", "two", "-", text="nonsense\n")
    assert (result.exit_code, "-: " in result.stderr) == (2, True)


def test_pausing_and_cancelling_are_wishes(run: Run) -> None:
    """They reach a run elsewhere through the ledger; a cancelled campaign cannot go on."""
    with Campaign.create("a", "people.csv", _content()):
        pass
    assert "a pauses" in run("pause", "a").stderr
    assert "a is cancelled" in run("cancel", "a").stderr
    result = run("resume", "a")
    assert (result.exit_code, "was cancelled" in result.stderr) == (2, True)


def test_a_run_that_was_cancelled_does_not_advise_to_resume(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what can be continued is to be continued."""
    tally = Tally(total=0, counts={}, in_flight=0, reserved=Decimal(), charged=Decimal())
    for state, advice in (("stopped", 1), ("paused", 1), ("cancelled", 0), ("finished", 0)):
        show_result("a", RunResult(state=state, reason=NO_REASON, tally=tally, unknown=0), machine=False)
        assert capsys.readouterr().err.count("Continue with: xoxzo campaign resume a") == advice, state


def test_a_run_that_was_cut_off_is_reported(run: Run) -> None:
    """Its state is `running`, but no process runs it: status and list say so, and how to continue."""
    with Campaign.create("a", "people.csv", _content()) as campaign:
        campaign.ledger.put({"state": "running"})
        assert campaign.ledger.claim(ClaimRequest(ident=1, limit=1)).recipients
    result = run("status", "a")
    assert result.stdout.startswith("a cut off\n  not sent yet          2\n  in flight             1\n")
    assert result.stderr == "Continue with: xoxzo campaign resume a\n"
    assert "cut off" in run("list").stdout
    with Campaign.open("a") as campaign:
        campaign.ledger.lock()
        assert json.loads(run("status", "a", "--json").stdout)["state"] == "running"


def test_reports_reach_a_campaign_by_the_file_of_listen(
    run: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--callbacks` signs the URLs; callbacks there settle calls, and unsigned requests do not."""
    from xoxzo.cloudpy.cli.commands.listen import ReceivedCallback

    def line(path: str, kind: str, body: bytes) -> str:
        options = {"method": "POST", "target": path, "content_type": kind, "body": body.decode()}
        return ReceivedCallback(at=datetime.now(UTC), **options).to_line()

    assert (
        "XOXZO_CALLBACK_SECRET is not set" in run("run", "people.csv", *TEXT, "--callbacks", "http://a.example").stderr
    )
    monkeypatch.setenv("XOXZO_CALLBACK_SECRET", "a secret of the tests")
    with simulator_listener() as (url, requests):
        arguments = ["--say", "こんにちは", "--sender", "81312345678", "--callbacks", url]
        assert run("run", "people.csv", *arguments, "--yes").exit_code == 0
        give_up = time.monotonic() + 30
        while len(requests) < 3 and time.monotonic() < give_up:
            time.sleep(0.05)
    lines = [line(*request) for request in requests]
    forged = line("/call-ended/" + "x" * 60, *requests[0][1:])
    Path("received.jsonl").write_text("\n".join([*lines, lines[0], forged]) + "\n", encoding="utf-8")
    result = run("settle", "people", "--reports", "received.jsonl")
    assert "3 reports were new\n" in result.stderr, result.output
    assert "sent" not in run("status", "people").stdout
    Path("received.jsonl").write_text("nonsense\n", encoding="utf-8")
    assert (
        "received.jsonl, line 1: this was not written" in run("settle", "people", "--reports", "received.jsonl").stderr
    )


@contextmanager
def simulator_listener() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A receiver of callbacks: its address, and what came to it."""
    requests: list[tuple[str, str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            requests.append((self.path, self.headers["content-type"], body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


def test_an_older_copy_goes_on_without_those_whom_the_usage_log_names(run: Run, simulator: Simulator) -> None:
    """As the documentation says: nothing in the copy shows who was sent to since then."""
    assert run("run", "people.csv", "--text", "a", "--sender", "Shop", "--first", "1", "--yes").exit_code == 3
    ledger = Path("campaigns/people.campaign")
    copy = ledger.read_bytes()
    assert run("resume", "people").exit_code == 0
    ledger.write_bytes(copy)
    rows = [f"{n},{phone.lstrip('+')}\n" for n, phone in enumerate(simulator.engine.sms.by_phone)]
    Path("usage-log.csv").write_text("msgid,recipient\n" + "".join(rows), encoding="utf-8")
    assert "3 more numbers are suppressed" in run("suppress", "people", "usage-log.csv").stderr
    assert run("resume", "people").exit_code == 0
    assert sent(simulator) == 3
