"""The outbox in Django's admin."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import translation

from xoxzo.cloudpy.campaigns import State
from xoxzo.cloudpy.integrations.django import sms
from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox import enqueue
from xoxzo.cloudpy.integrations.django.outbox.worker import send_due

URL = "/admin/xoxzo/outboxmessage/"
STATES = {
    "refused": State.REJECTED,
    "expired": State.SKIPPED,
    "waits": State.WAITING,
    "unknown": State.UNKNOWN,
    "failed": State.FAILED,
}


@pytest.fixture
def browser() -> Browser:
    """A browser of somebody who may do everything."""
    User.objects.filter(username="boss").delete()
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss", password="secret"))
    for number, (reference, state) in enumerate(STATES.items()):
        sms.enqueue(f"+81801111222{number}", "a secret text", reference=reference)
        OutboxMessage.objects.filter(reference=reference).update(
            state=state, attempts=1, error="process_ended" if state == State.UNKNOWN else "", accepted=150_000.0
        )
    return browser


def text_of(browser: Browser, url: str) -> str:
    """Return the text of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", browser.get(url).content.decode())).split())


def test_list(browser: Browser) -> None:
    """The list shows states and reasons; numbers are masked and found only as a whole, texts are not there."""
    page = text_of(browser, URL)
    for words in (
        "+81••••2223",
        "rejected by Xoxzo",
        "unknown: may have been sent",
        "the process ended before the outcome",
    ):
        assert words in page
    assert "801111" not in page
    assert "secret text" not in page
    for query, found in (("q=%2B818011112221", {"2221"}), ("q=2221", set()), ("state__exact=3", {"2223"})):
        assert set(re.findall("••••([0-9]{4})", text_of(browser, f"{URL}?{query}"))) == found
    row = OutboxMessage.objects.get(reference="failed")
    detail = text_of(browser, f"{URL}{row.pk}/change/")
    assert "Jan. 2, 1970" in detail
    assert 'name="_save"' not in browser.get(f"{URL}{row.pk}/change/").content.decode()
    assert "secret text" not in detail
    assert "801111" not in detail
    assert browser.get(f"{URL}add/").status_code == 403
    browser.post(f"{URL}{row.pk}/change/", {"state": "1"})
    assert OutboxMessage.objects.get(pk=row.pk).state == State.FAILED


def test_japanese(browser: Browser) -> None:
    """The pages are in Japanese where Django is."""
    with translation.override("ja"):
        page = text_of(browser, URL)
    for words in ("送信トレイ", "不明", "送信されていないものを再送する", "試行回数"):
        assert words in page


def test_actions(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was not sent is sent again, without a broker too; what is unknown may be treated as sent."""
    rows = list(OutboxMessage.objects.values_list("pk", flat=True))

    def fail(_alias: str) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(enqueue, "wake_worker", fail)
    done = browser.post(URL, {"action": "send_again", "_selected_action": rows}, follow=True).content.decode()
    assert "2 will be sent again" in done
    assert "3 are left alone" in done
    assert set(OutboxMessage.objects.filter(state=State.WAITING).values_list("reference", flat=True)) == {
        "refused",
        "expired",
        "waits",
    }
    assert send_due() == 3
    done = browser.post(URL, {"action": "assume_sent", "_selected_action": rows}, follow=True).content.decode()
    assert "1 are treated as sent" in done
    assert OutboxMessage.objects.get(reference="unknown").state == State.ASSUMED
