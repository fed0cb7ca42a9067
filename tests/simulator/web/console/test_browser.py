"""The console in a real browser: complete scenarios, as a user plays them who keeps it open all day."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest
from browsers import PATIENCE, chromium
from simulator_callers import Listener

from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.simulator.server import Server

playwright = pytest.importorskip("playwright.sync_api")

PHONE = "+818011112222"
# Speaks into a list, for a machine without a voice.
VOICE = """
    window.spoken = [];
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    const voice = {cancel() {}, speak(one) { spoken.push([one.lang, one.text]); }};
    Object.defineProperty(window, "speechSynthesis", {value: voice});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all stories."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def server() -> Iterator[Server]:
    """A simulator that can be opened."""
    times = {"ring_seconds": 0.2, "sms_queued_seconds": 0.1, "sms_delivering_seconds": 0.1}
    settings = Settings(legacy_sin=True, tts_characters_per_second=0.1, **times)  # calls go on until somebody hangs up
    with Simulator(settings).serve() as serving:
        yield serving


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    """A page at 1280 px width, in English, which must log no error."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1280, "height": 860}, locale="en-GB", timezone_id="Asia/Tokyo"
    )
    context.set_default_timeout(PATIENCE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(VOICE)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda entry: errors.append(entry.text) if "Content Security Policy" in entry.text else None)
    yield opened
    context.close()
    assert errors == []


def follow(page: Any, path: str) -> None:
    """Open a page and wait until it follows the simulator."""
    page.goto(path)
    page.wait_for_selector("html[data-following]")


def see(place: Any) -> None:
    """Wait until something is to be seen."""
    playwright.expect(place).to_be_visible(timeout=PATIENCE)


def not_see(place: Any) -> None:
    """Wait until something is not to be seen any more."""
    playwright.expect(place).to_have_count(0, timeout=PATIENCE)


def wait_until(page: Any, condition: str) -> None:
    """Wait until a condition holds; Playwright would evaluate it in the page, whose policy forbids that."""
    give_up = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition) and time.monotonic() < give_up:
        page.wait_for_timeout(20)
    assert page.evaluate(condition)


def api(server: Server, path: str, **fields: str) -> None:
    """Use the API as a program does."""
    headers = {"authorization": "Basic " + base64.b64encode(b"me:secret").decode()}
    with urlopen(Request(server.url + path, urlencode(fields).encode(), headers), timeout=60) as answer:
        answer.read()


def send(server: Server, text: str, **fields: str) -> None:
    """Send an SMS."""
    api(server, "/sms/messages/", **{"recipient": PHONE, "sender": "Shop", "message": text, **fields})


def test_messages_arrive_while_the_page_is_open(server: Server, page: Any) -> None:
    """The first SMS turns the empty page into a phone; its code is copied; script in a text stays text."""
    follow(page, "/")
    see(page.get_by_role("heading", name="Send the first message"))
    send(server, "Your code is 482915.")
    see(page.get_by_role("heading", name="+81 80 1111 2222"))
    page.get_by_role("button", name="Copy code").click()
    see(page.get_by_text("Copied"))
    assert page.evaluate("navigator.clipboard.readText()") == "482915"
    hostile = "<img src=x onerror='document.title=1'><script>document.title=2</script> https://example.com/a"
    send(server, hostile)
    see(page.get_by_text("<script>document.title=2</script>").first)
    assert page.title() not in {"1", "2"}
    link = page.locator(".bubble a[target]")
    assert link.get_attribute("href") == "https://example.com/a"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    playwright.expect(page.locator(".bubble .tick.good")).to_have_count(2, timeout=PATIENCE)
    send(server, "他の電話へ", recipient="+819000001234")
    see(page.get_by_role("heading", name="+81 90 0000 1234"))  # "newest" goes along
    page.get_by_role("link", name="+81 80 1111 2222").click()
    see(page.get_by_role("heading", name="+81 80 1111 2222"))
    assert page.url == f"{server.url}/console/phones/{quote(PHONE)}"


def test_a_link_that_is_followed_while_the_page_is_loading_leads_where_it_should(server: Server, page: Any) -> None:
    """An answer about the page that was left comes too late to lead back to it."""
    follow(page, "/")
    send(server, "最初の電話へ")
    send(server, "他の電話へ", recipient="+819000001234")
    see(page.get_by_role("heading", name="+81 90 0000 1234"))
    playwright.expect(page.locator(".bubble .tick.good")).to_have_count(1, timeout=PATIENCE)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route(f"{server.url}/", hold)
    with page.expect_request(f"{server.url}/"):
        send(server, "もう一度", recipient="+819000001234")
    page.get_by_role("link", name="+81 80 1111 2222").click()
    see(page.get_by_role("heading", name="+81 80 1111 2222"))
    page.evaluate(
        "window.shown = [];"
        "document.addEventListener('renewed', () => shown.push(document.querySelector('.phone').dataset.number))"
    )
    held.pop().continue_()
    give_up = time.monotonic() + PATIENCE / 1000
    while page.evaluate("shown.length") < 2 and time.monotonic() < give_up:
        page.wait_for_timeout(50)
    assert set(page.evaluate("shown")) == {PHONE}


def test_calls_are_answered_and_numbers_dialled(server: Server, page: Any, listener: Listener) -> None:
    """A phone rings until it is answered, and then speaks; it calls a number, whose action is watched; it replies."""
    engine = server.simulator.engine
    for kind, service in (("voice/din", engine.dins), ("sms/sin", engine.sins)):
        uid = next(iter(service.lines))
        api(server, f"/{kind}s/subscriptions/", **{f"{kind[-3:]}_uid": uid})
        api(server, f"/{kind}s/subscriptions/{uid}/", action_url=listener.url)
    listener.answers = [(200, 'say ja "ありがとうございます"'.encode()), (200, b"ok")]
    follow(page, f"/console/phones/{quote(PHONE)}")
    page.get_by_label("rings until you answer").check()
    playwright.expect(page.get_by_label("rings until you answer")).to_be_checked()
    api(
        server,
        "/voice/simple/playbacks/",
        caller="815012345678",
        recipient=PHONE,
        tts_message="こんにちは",
        tts_lang="ja",
    )
    see(page.get_by_text("Ringing…"))
    page.get_by_role("button", name="Answer").click()
    see(page.locator(".captions").get_by_text("こんにちは"))
    wait_until(page, "spoken.length > 0")
    assert page.evaluate("spoken") == [["ja-JP", "こんにちは"]]
    page.get_by_role("button", name="Hang up").click()
    not_see(page.locator(".call-screen"))
    page.get_by_role("button", name="Dial").click()
    see(page.locator(".steps-taken").get_by_text("The action URL answered"))
    page.get_by_role("button", name="Hang up").click()
    see(page.locator(".steps-taken").get_by_text("Ended"))
    page.get_by_label("Reply").fill("はい、お願いします")
    page.get_by_label("Reply").press("Enter")
    see(page.locator(".bubble.mine").get_by_text("はい、お願いします"))
    assert page.get_by_label("Reply").input_value() == ""
    follow(page, "/")
    page.get_by_label("Reply").focus()  # a user who begins to write stays with this phone
    send(server, "他の電話へ", recipient="+819000001234")
    see(page.get_by_role("link", name="+81 90 0000 1234"))
    see(page.get_by_role("heading", name="+81 80 1111 2222"))
    assert page.url == f"{server.url}/console/phones/{quote(PHONE)}"


def test_actions_faults_and_clock(server: Server, page: Any) -> None:
    """A template is approved, a held message delivered, a fault switched on and off, the clock advanced."""
    follow(page, "/console/office")
    api(server, "/sms/templates/", name="Booking", content="{name} 様")
    page.get_by_role("button", name="Approve").click()
    see(page.get_by_text("“Booking” is approved."))
    not_see(page.get_by_role("button", name="Approve"))
    follow(page, "/console/carrier")
    page.get_by_label("Number, or how numbers begin").fill("+8180")
    page.get_by_label("Outcome").select_option("sms hold")
    page.get_by_role("button", name="Add rule").click()
    see(page.locator(".rule").get_by_text("held until you decide"))
    send(server, "お待ちください")
    page.get_by_role("button", name="Deliver", exact=True).click()
    see(page.get_by_text("The message was delivered."))
    follow(page, "/console/faults")
    page.get_by_role("switch", name="Reply lost").click()
    see(page.get_by_text("1 fault is on", exact=False))
    playwright.expect(page.get_by_role("switch", name="Reply lost")).to_be_checked()
    page.get_by_role("button", name="All normal").last.click()
    not_see(page.get_by_text("1 fault is on", exact=False))
    assert not list(server.simulator.faults)
    follow(page, "/console/clock")
    page.get_by_role("button", name="Stop the clock").click()
    see(page.get_by_text("The clock is stopped. Nothing happens", exact=False))
    before = server.simulator.now
    page.get_by_role("button", name="+ 30 days").click()
    see(page.get_by_text("The clock was advanced."))
    assert (server.simulator.now - before).days == 30
    page.get_by_role("button", name="Let it run").last.click()
    not_see(page.get_by_text("Nothing happens until", exact=False))


def test_a_ringing_phone_is_noticed_elsewhere(server: Server, page: Any) -> None:
    """On a page that is not the phone's, and in a hidden tab, a ringing phone shows, and sounds if wanted."""
    rings = "document.title.startsWith('☎')"
    server.simulator.carrier.add_rule(PHONE, "hold", kind="call")
    call = {"caller": "815012345678", "recipient": PHONE, "tts_message": "もしもし", "tts_lang": "ja"}
    follow(page, "/console/faults")
    page.get_by_role("button", name="Sound when a phone rings").click()
    page.wait_for_selector("html[data-following]")
    api(server, "/voice/simple/playbacks/", **call)
    see(page.get_by_role("alert").get_by_text("もしもし"))
    assert page.evaluate(rings)
    page.wait_for_selector("html[data-rang]")
    page.get_by_role("link", name="Open the phone").click()
    see(page.locator(".captions").get_by_text("もしもし"))
    page.get_by_role("button", name="Decline").click()
    not_see(page.locator(".call-screen"))
    playwright.expect(page).to_have_title("+818011112222 · Phones · Xoxzo simulator", timeout=PATIENCE)
    others = [page.context.new_page() for _ in range(2)]
    for one in [page, *others]:
        one.goto(f"{server.url}/console/faults")
        one.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.away})")
        one.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    give_up = time.monotonic() + PATIENCE / 1000
    while len(server.simulator.engine.context.listeners) != 1 and time.monotonic() < give_up:
        page.wait_for_timeout(20)
    api(server, "/voice/simple/playbacks/", **call)
    while not any(one.evaluate(rings) for one in (page, *others)) and time.monotonic() < give_up:
        page.wait_for_timeout(20)
    assert [one.evaluate(rings) for one in (page, *others)].count(True) == 1
    [noticing] = [one for one in (page, *others) if one.evaluate(rings)]
    noticing.close()  # another one takes its place
    rest = [one for one in (page, *others) if one is not noticing]
    while not any(one.evaluate(rings) for one in rest) and time.monotonic() < give_up:
        rest[0].wait_for_timeout(20)
    assert [one.evaluate(rings) for one in rest].count(True) == 1
    rest[0].evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(rest[0], rings)


def test_requests_are_watched_searched_and_everything_deleted(server: Server, page: Any) -> None:
    """The log follows a program, a command is copied, a tag narrows the timeline; it is exported, and deleted."""
    follow(page, "/console/requests")
    send(server, "ご予約", tags="booking")
    with pytest.raises(HTTPError):
        send(server, "x", recipient="080")
    page.get_by_role("link", name="4xx 1").click()
    playwright.expect(page.locator("tr[id]")).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("link", name="All 2").click()
    page.get_by_role("link", name="POST /sms/messages/").last.click()
    page.get_by_role("button", name="Copy").click()
    see(page.get_by_text("Copied"))
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"curl -i -u me {server.url}/sms/messages/ \\\n")
    page.get_by_role("link", name="+81 80 1111 2222").click()
    page.get_by_role("link", name="booking").click()
    page.wait_for_url("**/console/messages?q=tag*")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV").click()
    assert "ご予約" in downloading.value.path().read_text("utf-8-sig")
    page.get_by_role("link", name="Delete everything…").click()
    page.get_by_role("button", name="Delete everything").click()
    see(page.get_by_role("heading", name="Send the first message"))


def test_languages_themes_and_widths(server: Server, page: Any) -> None:
    """Every page is there in both languages and both themes, and nothing sticks out at 400 px."""
    send(server, "長" * 200 + "a" * 200)
    server.simulator.carrier.add_rule(PHONE, "hold", kind="call")
    with pytest.raises(HTTPError):
        send(server, "x", recipient="+81" + "0" * 60)
    page.goto("/console/clock")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.get_by_role("button", name="日本語").click()
    page.wait_for_selector("html[lang=ja]")
    see(page.get_by_role("heading", name="時計"))
    page.get_by_role("button", name="ライト").click()
    page.wait_for_selector("html[data-theme=light]")
    page.set_viewport_size({"width": 400, "height": 800})
    paths = [
        "/",
        "messages",
        "requests",
        "requests/1",
        "delete",
        "carrier",
        "office",
        "faults",
        "clock",
        "overview",
        f"phones/{quote(PHONE)}",
    ]
    for path in paths:
        page.goto("/" if path == "/" else f"/console/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 400, path
    see(page.locator(".bubble"))
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("html[lang=en]")


def test_the_keyboard_is_enough(server: Server, page: Any) -> None:
    """Pages are opened, lists walked and searches made without a mouse."""
    for index in range(3):
        send(server, f"message {index}")
    follow(page, "/")
    page.keyboard.press("?")
    see(page.get_by_role("dialog"))
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/console/messages")
    see(page.get_by_role("heading", name="Timeline"))
    page.keyboard.press("/")
    page.keyboard.type("1 to:+8180")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/messages?q=*")
    playwright.expect(page.locator("tr .text")).to_have_count(1, timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    see(page.get_by_role("heading", name="Request received"))


def test_a_page_says_that_its_simulator_is_gone(server: Server, page: Any) -> None:
    """When the simulator stops, an open page does not pretend to be the present."""
    follow(page, "/console/overview")
    server.stop()
    see(page.get_by_text("The simulator does not answer.", exact=False))


def test_without_a_script_pages_are_complete(browser: Any, server: Server) -> None:
    """A browser that runs no script shows what is there, and its forms do what they say."""
    send(server, "hello")
    context = browser.new_context(base_url=server.url, java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/")
    see(page.locator(".bubble").get_by_text("hello"))
    page.goto("/console/faults")
    page.get_by_role("switch", name="Reply lost").click()
    see(page.get_by_text("1 fault is on", exact=False))
    page.get_by_role("switch", name="Reply lost").click()
    not_see(page.get_by_text("1 fault is on", exact=False))
    context.close()
