"""Signed callbacks of single sends: `xoxzo listen` accepts what the shell requests."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from listen_process import listening

PHONE, OTHER, CALLER = "+818011112222", "+818033334444", "815011112222"
SECRET = "a secret of the tests"
SENDS = {
    "sms send": (f"{PHONE} Hi --sender Shop", "delivery-report"),
    "template send": (f"{{template}} {PHONE} --var name=Anne --sender Shop", "delivery-report"),
    "call say": (f"{PHONE} Hi --lang en --caller {CALLER}", "call-ended"),
    "call play": (f"{PHONE} --url http://www.example.com/a.mp3 --caller {CALLER}", "call-ended"),
    "conference create": (f"{PHONE} {OTHER} --caller {CALLER}", "call-ended"),
}


@pytest.fixture
def template(shell, simulator_url: str) -> str:
    """A template that Xoxzo has approved; gives its number."""
    made = json.loads(shell("template", "create", "Greeting", "Hi {name}", "--json").stdout)
    address = f"{simulator_url}/_simulator/templates/{made['id']}/approve"
    with urlopen(Request(address, b"{}", {"content-type": "application/json"}), timeout=10):
        return str(made["id"])


@pytest.mark.parametrize("command", SENDS)
def test_a_listener_accepts_what_the_shell_requests(
    command: str, shell, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command that sends signs the address that it gives, bound to the reference, and a listener verifies it."""
    monkeypatch.setenv("XOXZO_CALLBACK_SECRET", SECRET)
    words, purpose = SENDS[command]
    with listening(tmp_path, "--json", "--verify") as listener:
        sent = shell(
            *command.split(),
            *words.format(template=template).split(),
            *("--callbacks", listener.url, "--reference", "booking-7", "--json"),
        )
        assert sent.exit_code == 0, sent.output
        [reported] = listener.events(1)
    assert (reported["event"], reported["reference"], reported["answered"]) == (purpose, "booking-7", 200)


def test_a_tracked_link_has_a_signed_url_too(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --track-link the address of the first click is made, too."""
    monkeypatch.setenv("XOXZO_CALLBACK_SECRET", SECRET)
    words = ["sms", "send", PHONE, "See http://a.example/", "--sender", "Shop", "--track-link", "--dry-run", "--json"]
    shown = json.loads(shell(*words, "--callbacks", "http://127.0.0.1:8099", "--reference", "b").stdout)
    assert shown["body"]["callbackurl"].startswith("http://127.0.0.1:8099/delivery-report/")
    assert shown["body"]["lt_callbackurl"].startswith("http://127.0.0.1:8099/link-clicked/")


@pytest.mark.parametrize(
    ("options", "secret", "expected"),
    [
        ("--callbacks http://127.0.0.1:1", SECRET, "--callbacks needs --reference"),
        ("--callbacks http://127.0.0.1:1 --reference a", "", 'export XOXZO_CALLBACK_SECRET="$(python3 -c '),
        ("--callbacks http://127.0.0.1:1 --reference a", "short", "at least 16 characters"),
        ("--callbacks http://127.0.0.1:1 --reference a --callback-url http://127.0.0.1:2", SECRET, "omit the other"),
    ],
)
def test_what_is_missing_is_reported_before_anything_is_sent(
    options: str, secret: str, expected: str, shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reference and a secret are needed, and there is one address of a kind; else nothing is sent."""
    monkeypatch.setenv("XOXZO_CALLBACK_SECRET", secret)
    refused = shell("sms", "send", PHONE, "Hi", "--sender", "Shop", *options.split())
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert expected in refused.stderr
    assert shell("sms", "list", "--json").stdout == ""
