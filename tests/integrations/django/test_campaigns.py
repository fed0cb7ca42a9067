"""Campaigns in a Django project: their store, their page in the admin, and the delivery reports of their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from campaign_makers import TEXT, make, people
from celery import Celery
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections
from django.test import Client as Browser
from django.utils import translation

from xoxzo.cloudpy import CampaignError, ConfigurationError
from xoxzo.cloudpy.campaigns import Campaign, Content, OptOuts, State
from xoxzo.cloudpy.campaigns.ledger.base import ClaimRequest
from xoxzo.cloudpy.campaigns.opt_outs import read_links
from xoxzo.cloudpy.campaigns.records import Outcome
from xoxzo.cloudpy.integrations.celery import install, settings
from xoxzo.cloudpy.integrations.django import conf

FORM = "application/x-www-form-urlencoded"
LIST, SPRING = "/admin/xoxzo/campaign/", "/admin/xoxzo/campaign/spring/change/"


@pytest.fixture(autouse=True)
def store(xoxzo: Any, tmp_path: Path) -> Iterator[Path]:
    """A store with one campaign, of which one message was sent and one is unknown."""
    with xoxzo(CAMPAIGNS=str(tmp_path)):
        with make(tmp_path, 4) as campaign:
            ledger = campaign.ledger
            claim = ledger.claim(ClaimRequest(ident=1, limit=2))
            ledger.record([Outcome(1, claim.ident, State.SENT, "m1", "", 2.0, 1.0)])
            ledger.record([Outcome(2, claim.ident, State.UNKNOWN, "", "ResponseLost", 2.0, 1.0)])
        yield tmp_path


def browser(*permissions: str) -> Browser:
    """Log a member of staff with some permissions in."""
    User.objects.filter(username="staff").delete()
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user)
    return browser


def text(page: Any) -> str:
    """Return the text of a page without its tags."""
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode().partition('id="content"')[2]).split())


def test_pages() -> None:
    """The list and the page of a campaign show its progress and its counts; the report is one click away."""
    staff = browser("view_campaign")
    assert "Campaigns" in text(staff.get("/admin/"))
    assert "spring created 1 / 4 1" in text(staff.get(LIST))
    page = staff.get(SPRING)
    assert "sent, no final status yet 1" in text(page)
    assert "unknown: may have been sent 1" in text(page)
    assert b"<button" not in page.content.partition(b'id="content-main"')[2]
    assert b"<svg" in staff.get(SPRING + "?report").content


def test_japanese() -> None:
    """The pages are in Japanese where Django's language is."""
    staff = browser("view_campaign", "change_campaign")
    with translation.override("ja"):
        assert "一斉送信" in text(staff.get(LIST))
        page = text(staff.get(SPRING))
    assert "一時停止" in page
    assert "中止 (再開不可)" in page


def test_actions() -> None:
    """Who may change campaigns pauses, resumes and cancels them; each is logged, and cancelling asks first."""
    staff = browser("view_campaign", "change_campaign")
    for action, requested in (("pause", "pause"), ("resume", None)):
        assert staff.post(SPRING, {"action": action}).url == SPRING
        with Campaign.open("spring", store=conf.campaigns_address()) as campaign:
            assert campaign.ledger.get("requested") == requested
    question = staff.post(SPRING, {"action": "cancel"})
    assert "cannot be resumed" in text(question)
    with Campaign.open("spring", store=conf.campaigns_address()) as campaign:
        assert campaign.state == "created"
    staff.post(SPRING, {"action": "cancel", "confirmed": "yes"})
    with Campaign.open("spring", store=conf.campaigns_address()) as campaign:
        assert campaign.state == "cancelled"
    assert staff.post(SPRING, {"action": "purge"}).status_code == 404
    assert b"<button" not in staff.get(SPRING).content.partition(b'id="content-main"')[2]
    logged = LogEntry.objects.filter(object_id="spring").values_list("change_message", flat=True)
    assert sorted(logged) == ["Cancel for good", "Pause", "Resume"]
    assert "Pause" in text(staff.get("/admin/xoxzo/campaign/spring/history/"))


def test_resuming_dispatches(store: Path) -> None:
    """A campaign that workers send goes on at once when it is resumed in a process that knows the application."""
    app = Celery("shop", broker="memory://", set_as_current=False)
    staff = browser("view_campaign", "change_campaign")
    before = settings.current
    install(app)
    try:
        with Campaign.open("spring", store=store) as campaign:
            campaign.dispatch(app, workers=2)
            assert "Nobody is working on it" in text(staff.get(SPRING))
            with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
                queue.clear()
                campaign.pause()
                staff.post(SPRING, {"action": "resume"})
                assert (queue.qsize(), campaign.ledger.get("requested")) == (2, None)
                queue.clear()
    finally:
        settings.current = before


def test_permissions() -> None:
    """Without permission nothing is shown and nothing is changed; nobody adds or deletes campaigns here."""
    nobody, viewer = browser(), None
    assert "Campaigns" not in text(nobody.get("/admin/"))
    for page in (LIST, SPRING):
        assert nobody.get(page).status_code == 403
    viewer = browser("view_campaign")
    assert viewer.post(SPRING, {"action": "pause"}).status_code == 403
    assert Browser(enforce_csrf_checks=True).post(SPRING, {"action": "pause"}).status_code in {302, 403}
    everything = browser("view_campaign", "change_campaign", "add_campaign", "delete_campaign")
    assert everything.get(LIST + "add/").status_code == 403
    assert everything.get("/admin/xoxzo/campaign/spring/delete/").status_code == 403
    with Campaign.open("spring", store=conf.campaigns_address()) as campaign:
        assert campaign.ledger.get("requested") is None


def test_missing_and_broken(store: Path) -> None:
    """A campaign that is gone, and one that cannot be read, are a message on the list."""
    staff = browser("view_campaign")
    gone = staff.get("/admin/xoxzo/campaign/autumn/change/", follow=True)
    assert "There is no campaign autumn" in gone.content.decode()
    (store / "broken.campaign").write_bytes(b"no database" * 100)
    page = staff.get(LIST).content.decode()
    assert "broken.campaign cannot be opened" in page
    assert "1 / 4" in page


def test_reports_reach_the_ledger(store: Path) -> None:
    """A delivery report of a campaign's message is in its ledger, whichever campaign it belongs to; others are not."""
    Campaign.create("autumn", people(3), TEXT, store=store).close()
    with Campaign.open("spring", store=store) as campaign:
        sent, unknown = (f"{campaign.reference_prefix}-{n}" for n in (1, 2))
    for reference, body in (
        (sent, "msgid=m1&status=DELIVERED&cost=10"),
        (unknown, "msgid=m2&status=FAILED"),
        ("booking-1", "msgid=m3&status=DELIVERED"),
        ("0123456789ab-1", "msgid=m4&status=DELIVERED"),
    ):
        url = conf.get_callbacks().url("delivery-report", reference).removeprefix("https://shop.example")
        for _ in range(2):
            assert Browser().post(url, body, content_type=FORM).status_code == 200
    with Campaign.open("spring", store=store) as campaign:
        states = [status.state for status in campaign.recipient_statuses()]
    assert states[:2] == [State.DELIVERED, State.FAILED]


def test_report_of_a_store_that_cannot_be_read(store: Path) -> None:
    """A report that cannot be recorded is an error, so that Xoxzo sends it again."""
    with Campaign.open("spring", store=store) as campaign:
        reference = f"{campaign.reference_prefix}-1"
    url = conf.get_callbacks().url("delivery-report", reference).removeprefix("https://shop.example")
    ledger = store / "spring.campaign"
    content = ledger.read_bytes()
    ledger.write_bytes(b"no database" * 100)
    with pytest.raises(CampaignError):
        Browser().post(url, "msgid=m1&status=DELIVERED", content_type=FORM)
    ledger.write_bytes(content)
    assert Browser().post(url, "msgid=m1&status=DELIVERED", content_type=FORM).status_code == 200
    with Campaign.open("spring", store=store) as campaign:
        assert campaign.tally()[State.DELIVERED] == 1


def test_store_of_a_database(xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The alias of a PostgreSQL database gives its address; another engine is named, by `manage.py check`, too."""
    with xoxzo(CAMPAIGNS="default"):
        assert "that is SQLite" in browser("view_campaign").get(LIST).content.decode()
        with pytest.raises(ConfigurationError, match=r'"default", and that is SQLite: name a PostgreSQL database'):
            conf.campaigns_address()
        assert [error.id for error in run_checks(tags=["xoxzo"]) if "CAMPAIGNS" in error.msg] == ["xoxzo.E005"]
        shop = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "a b", "PASSWORD": "p&w?"}
        database = connections.create_connection("default")
        other = type(connections)({"default": {**shop, "HOST": "/run/pg", "OPTIONS": {"sslmode": "prefer"}}})
        del database
        monkeypatch.setattr(conf, "connections", other)
        expected = "postgresql:///?dbname=shop&user=a%20b&password=p%26w%3F&host=%2Frun%2Fpg&sslmode=prefer"
        assert conf.campaigns_address() == expected
    with xoxzo(CAMPAIGNS=None):
        assert conf.campaigns_address() is None
        assert "Campaigns" not in text(browser("view_campaign").get("/admin/"))


def test_postgresql(database_url: str, xoxzo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL database of the project is the store, with pages and reports."""
    url = urlsplit(database_url)
    [folder] = parse_qs(url.query)["host"]
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username, "HOST": folder}
    monkeypatch.setattr(conf, "connections", type(connections)({"default": database}))
    with xoxzo(CAMPAIGNS="default"):
        address = conf.campaigns_address()
        with Campaign.create("summer", people(3), TEXT, store=address) as campaign:
            campaign.ledger.claim(ClaimRequest(ident=1, limit=2))
            reference = f"{campaign.reference_prefix}-2"
        url = conf.get_callbacks().url("delivery-report", reference).removeprefix("https://shop.example")
        assert Browser().post(url, "msgid=m1&status=DELIVERED", content_type=FORM).status_code == 200
        assert "summer created 1 / 3" in text(browser("view_campaign").get(LIST))


def test_migrations() -> None:
    """The migrations are complete, and make no table for campaigns."""
    call_command("makemigrations", "xoxzo", check=True, dry_run=True, verbosity=0)
    assert "xoxzo_campaign" not in connections["default"].introspection.table_names()


@pytest.mark.parametrize("prefix", ["xoxzo", "async"])
def test_links_to_opt_out_are_answered(store: Path, xoxzo: Any, prefix: str) -> None:
    """The settings make the links, and the view answers them, without a cookie or a token of CSRF protection."""
    with xoxzo(CAMPAIGNS=str(store), PUBLIC_URL="https://shop.example/xoxzo", OPT_OUT_NAME="Sakura"):
        links = conf.get_opt_out_links()
        content = Content(kind="text", sender="Shop", message="{opt_out}")
        with Campaign.create("linked", people(1), content, store=store, links=links) as campaign:
            signer = read_links(campaign.ledger)
        assert signer is not None
        assert signer.link(1).startswith("https://shop.example/xoxzo/o/")
        url = signer.link(1).replace("https://shop.example/xoxzo", f"/{prefix}")
        reader = Browser(enforce_csrf_checks=True)
        page = reader.get(url, headers={"accept-language": "en"})
        assert (page.status_code, b"Sakura" in page.content, b"<form" in page.content) == (200, True, True)
        assert page.headers["Cache-Control"] == "no-store"
        assert reader.post(f"{url}?stop").headers["Location"] == url.rpartition("/")[2]
        assert "09010000000" in OptOuts(store)
    with xoxzo(PUBLIC_URL=None), pytest.raises(ConfigurationError, match="OPT_OUT_URL"):
        conf.get_opt_out_links()
    with xoxzo(OPT_OUT_URL="https://s.example/o"):
        assert conf.get_opt_out_links().url == "https://s.example/o"


def test_the_admin_shows_and_changes_the_opt_out_list(store: Path) -> None:
    """A number is looked up, added with who did it, and removed; only with the permission to change campaigns."""
    page = LIST + "opt-outs/"
    staff = browser("view_campaign", "change_campaign")
    assert "opt-outs/" in staff.get(LIST).content.decode()
    assert "not on the list" in text(staff.get(page, {"number": "090-1000-0000"}))
    staff.post(page, {"number": "090-1000-0000", "action": "add"})
    staff.post(page, {"number": "090-1000-0001", "action": "add", "source": "call"})
    entry = OptOuts(store).get("09010000000")
    assert entry is not None
    assert entry.source == "staff"
    shown = text(staff.get(page, {"number": "090-1000-0000"}))
    assert "Remove" in shown
    assert entry.hash.hex()[:8] in shown
    staff.post(page, {"number": "090-1000-0000", "action": "remove"})
    assert ("09010000000" in OptOuts(store), "09010000001" in OptOuts(store)) == (False, True)
    refused = staff.get(page, {"number": "nonsense"}).content.decode()
    assert "as no readable digits" in refused
    viewer = browser("view_campaign")
    assert "Add" not in text(viewer.get(page, {"number": "090-1000-0000"}))
    assert viewer.post(page, {"number": "090-1000-0000", "action": "add"}).status_code == 403
    assert browser().get(page).status_code == 403
