"""Every page shows what is there, and every form does what it says."""

from __future__ import annotations

import base64
from decimal import Decimal
from urllib.parse import quote

import pytest
from console_client import Visitor
from simulator_callers import CALL, Caller, Listener

from xoxzo.cloudpy.simulator import Settings, Simulator
from xoxzo.cloudpy.simulator.commands.faults import KINDS
from xoxzo.cloudpy.simulator.engine.rules import NotSaved
from xoxzo.cloudpy.simulator.web.console.pages import actions

PHONE = "+818012345678"
ITS_PAGE = f"/console/phones/{quote(PHONE)}"


def test_an_empty_console_teaches(visitor: Visitor) -> None:
    """Where nothing was sent yet, the page shows how, with the simulator's own address."""
    for path in ("/", "/console/messages"):
        page = visitor.get(path)
        assert page.status == 200
        assert "curl -u me:secret http://127.0.0.1:8080/sms/messages/" in page.words
    for path in ("/console/carrier", "/console/office", "/console/overview"):
        assert visitor.get(path).status == 200


def test_a_missing_name_is_reported() -> None:
    """Where one account alone is admitted, the example names it, and its token by its variable."""
    page = Visitor(Simulator(Settings(sid="mine", token="secret-token"))).get("/")
    assert 'curl -u mine:"$XOXZO_SIMULATOR_TOKEN" http' in page.words
    assert "secret-token" not in page.text


def test_a_phone_shows_what_reached_it(caller: Caller, visitor: Visitor) -> None:
    """Its thread holds texts with parts and status, a code to copy, and what the phone wrote itself."""
    caller.send(message="あなたの確認コードは123456です。", sender="Shop")
    caller.step(600)
    caller.send(message="x" * 150)
    page = visitor.get(ITS_PAGE)
    assert "+81 80 1234 5678" in page.words
    assert 'data-copy="123456"' in page.text
    assert "1 part · Unicode" in page.words
    assert "2 parts · ASCII" in page.words
    assert 'aria-label="Delivered"' in page.text
    assert 'aria-label="Queued"' in page.text
    assert visitor.get("/").text.count('aria-current="true"') == 1  # "newest", and not the number


def test_a_long_thread_begins_with_the_newest(caller: Caller, visitor: Visitor) -> None:
    """Only the latest messages are shown at first, and a link leads to more."""
    for index in range(70):
        caller.send(message=f"number {index};")
    page = visitor.get(ITS_PAGE)
    assert "number 69;" in page.words
    assert "number 9;" not in page.words
    assert "?all=yes" in page.text
    assert "number 0;" in visitor.get(f"{ITS_PAGE}?all=yes").words


def test_a_call_that_rings_can_be_answered(caller: Caller, visitor: Visitor) -> None:
    """A ringing phone can be answered, shows the spoken text, and can hang up."""
    visitor.post("/console/phones/call-outcome", {"number": PHONE, "outcome": "decline"})
    visitor.post("/console/phones/call-outcome", {"number": PHONE, "outcome": "hold"})
    assert [rule.outcome for rule in caller.simulator.carrier.rules] == ["hold"]
    callid = caller.place(recording_url=None, tts_message="こんにちは", tts_lang="ja")
    page = visitor.get(ITS_PAGE)
    assert "Ringing…" in page.words
    assert "Let ring" in page.words
    fields = {"ident": callid, "number": PHONE}
    assert visitor.post("/console/calls/ignore", fields).status == 200
    assert visitor.post("/console/calls/answer", fields).status == 200
    page = visitor.get(ITS_PAGE)
    assert 'data-say="こんにちは"' in page.text
    assert "Hang up" in page.words
    assert visitor.post("/console/calls/hang-up", fields).status == 200
    assert caller.call(callid)["status"] == "ANSWERED"
    assert visitor.post("/console/calls/hang-up", fields).status == 400


def test_a_call_is_declined_on_the_carrier_page(caller: Caller, visitor: Visitor) -> None:
    """A ringing call is on the page of carrier actions, too."""
    caller.simulator.carrier.add_rule("", "hold", kind="call")
    callid = caller.place()
    assert 'value="hold" checked' in visitor.get(ITS_PAGE).text  # though no rule names this phone
    assert "Answer" in visitor.get("/console/carrier").words
    answer = visitor.post("/console/calls/decline", {"ident": callid}, accept="text/html")
    assert (answer.status, answer.headers["location"]) == (303, "/console/carrier")
    assert caller.call(callid)["status"] == "NO ANSWER"
    page = visitor.get(ITS_PAGE)
    assert "missed" in page.text
    assert "Declined" in page.words


def test_a_recording_is_played_by_the_page(caller: Caller, visitor: Visitor) -> None:
    """The browser plays an mp3, and loads it only when the user presses play."""
    caller.place()
    caller.step(1.5)
    assert f'<audio controls preload="none" src="{CALL["recording_url"]}"' in visitor.get(ITS_PAGE).text


def test_a_phone_dials_and_replies(caller: Caller, visitor: Visitor) -> None:
    """From its page a phone calls a dial-in number, with its number or without, and writes to a receiving one."""
    assert "No dial-in number" in visitor.get(f"{ITS_PAGE}").words
    din = caller.subscribe()
    [sin, other] = caller.get("/sms/sins/")[1][:2]
    for line in (sin, other):
        caller.post("/sms/sins/subscriptions/", {"sin_uid": line["sin_uid"]})
    fields = {"number": PHONE, "din": f"+{din['din']}", "sin": sin["sin"], "text": "はい"}
    assert visitor.post("/console/phones/dial", fields).status == 200
    assert visitor.post("/console/phones/dial", {**fields, "anonymous": "yes"}).status == 200
    callers = [call.caller for call in caller.simulator.engine.calls.calls.values()]
    assert callers == [PHONE, ""]
    assert visitor.post("/console/phones/reply", fields).status == 200
    page = visitor.get(ITS_PAGE)
    assert "はい" in page.words
    assert "No action URL" in page.words
    assert "no action URL is set" in page.words
    assert '<select name="sin"' in page.text
    assert visitor.post("/console/phones/reply", {**fields, "number": "12"}).status == 400
    assert visitor.post("/console/phones/call-outcome", {**fields, "outcome": "eat"}).status == 400


def test_a_number_that_is_none_is_refused(visitor: Visitor) -> None:
    """An invalid phone number gets an error, and a number that was never reached has a page."""
    assert visitor.get("/console/phones?number=080").status == 400
    assert visitor.get("/console/phones?number=%2B81%2080%201234%205678").status == 200


def test_lists_go_on_page_by_page(caller: Caller, visitor: Visitor) -> None:
    """Phones and messages come fifty at a time, and a link leads on."""
    for index in range(60):
        caller.send(recipient=f"+8180123400{index:02}")
    for path in ("/", "/console/messages"):
        page = visitor.get(path)
        assert "+81 80 1234 0059" in page.words
        assert "+81 80 1234 0000" not in page.words
        link = page.text.partition("before=")[2].partition('"')[0]
        page = visitor.get(f"{path}?before={link}")
        assert "+81 80 1234 0000" in page.words
        assert "Newest first" in page.words
        assert visitor.get(f"{path}?before=1").status == 200
        assert visitor.get(f"{path}?before=nothing").status == 200


def test_a_search_finds_or_says_what_is_wrong(caller: Caller, visitor: Visitor) -> None:
    """The list is searched in the simulator's query language, and a mistake is reported."""
    caller.send(message="first", tags="one")
    caller.send(message="second")
    caller.place(tags="one")
    assert "second" not in visitor.get("/console/messages?q=tag:one").words
    assert "first" in visitor.get("/console/messages?q=tag:one%20kind:sms").words
    assert "Nothing was found." in visitor.get("/console/messages?q=nothing").words
    assert "there is no kind" in visitor.get("/console/messages?q=kind:bird").words


def test_a_search_is_counted_and_its_statuses_and_tags_are_links(caller: Caller, visitor: Visitor) -> None:
    """Counts by status, parts and credits are of all that is found; statuses and tags narrow a search or widen it."""
    caller.simulator.carrier.add_rule("+8190", "fail")
    for index in range(60):
        caller.send(message="x" * 150, tags="one,two words", recipient=f"+81{80 if index < 40 else 90}1234{index:04}")
    caller.step(2)
    page = visitor.get("/console/messages?q=tag:one")
    assert "All 60 Delivered 40 Failed 20 120 parts · 1,200 credits" in page.words
    assert 'href="/console/messages?q=tag%3Aone%20status%3Afail"' in page.text
    assert 'href="/console/messages?q=tag%3Aone%20tag%3A%22two%20words%22"' in page.text
    assert 'class="tag" href="/console/messages"' in page.text  # of the tag that is there: without it
    page = visitor.get("/console/messages?q=tag:one%20status:fail")
    assert "All 60 Delivered 40 Failed 20 40 parts · 400 credits" in page.words
    assert 'href="/console/messages?q=tag%3Aone" class=""' in page.text
    assert page.text.count("<tr id=") == 20
    caller.send(tags='"')
    page = visitor.get("/console/messages?q=message:hello")
    assert "Nothing was found." in page.words
    msgid = next(iter(caller.simulator.engine.sms.messages))
    page = visitor.get(f"/console/messages/{msgid}")
    assert 'href="/console/messages?q=tag%3Aone"' in page.text
    assert 'href="/console/messages?q=status%3Adelivered"' in page.text
    assert 'href="/console/requests/1"' in page.text


def test_everything_is_deleted_after_a_question(caller: Caller, visitor: Visitor) -> None:
    """A page says what would go; only its button, and no link, deletes it, and leads to the empty first page."""
    caller.send()
    caller.simulator.faults.add("error", times=1)
    assert 'href="/console/delete"' in visitor.get("/console/messages").text
    page = visitor.get("/console/delete")
    assert "Delete everything?" in page.words
    assert "Messages 1 Calls 0 Phones 1 Accounts 1" in page.words
    assert len(caller.simulator.search().items) == 1
    for refused in ({"csrf": ""}, {"csrf": "wrong"}):
        assert visitor.post("/console/delete", refused).status == 403
    for foreign in ({"origin": "http://evil.example"}, {"sec_fetch_site": "cross-site"}):
        assert visitor.post("/console/delete", **foreign).status == 403
    assert len(caller.simulator.search().items) == 1
    done = visitor.post("/console/delete", accept="text/html")
    assert (done.status, done.headers["location"]) == (303, "/")
    assert caller.simulator.search().items == ()
    assert caller.simulator.requests().items == ()
    assert len(list(caller.simulator.faults)) == 1


def test_a_ringing_phone_is_noticed_on_every_page(caller: Caller, visitor: Visitor) -> None:
    """A phone that waits for an answer shows in the title and in a banner; its text is shown before the answer."""
    rules = caller.simulator.carrier
    rules.add_rule(PHONE, "hold", kind="call")
    text = {"recording_url": None, "tts_message": "もしもし", "tts_lang": "ja"}
    callid = caller.place(**text)
    caller.place(recipient="+819000000002")  # switched off: it rings for ever
    for path in ("/", "/console/messages", "/console/requests", "/console/faults", "/console/nothing"):
        page = visitor.get(path)
        assert "<title>☎ Ringing · " in page.text, path
        assert f'id="ring-{callid}" role="alert"' in page.text, path
        assert "· もしもし" in page.text, path
    page = visitor.get(ITS_PAGE)
    assert "<title>☎ Ringing · " in page.text
    assert "When it is answered もしもし" in page.words
    assert f'id="ring-{callid}"' not in page.text  # the phone itself is on the page
    assert visitor.post("/console/calls/ignore", {"ident": callid}).status == 200
    assert "Ringing · " not in visitor.get("/console/faults").text
    caller.step(10)
    assert "Not heard もしもし" in visitor.get(ITS_PAGE).words
    assert "もしもし" in visitor.get("/console/messages?q=status:no-answer").words
    assert caller.simulator.search("もしもし").items[0].ident == callid


def test_sound_is_off_until_it_is_wanted(visitor: Visitor) -> None:
    """The choice is in a cookie, as those of language and colours are."""
    page = visitor.get("/console/clock")
    assert "<body data-topics" in page.text
    assert 'name="sound" value="on"' in page.text
    answer = visitor.post("/console/preferences", {"sound": "on", "back": "/console/clock"}, accept="text/html")
    assert answer.headers["set-cookie"].startswith("xoxzo_console_sound=on; Path=/; Max-Age=")
    page = visitor.get("/console/clock", cookie="xoxzo_console_sound=on")
    assert "<body data-sound" in page.text
    assert 'name="sound" value="off"' in page.text


def test_a_search_that_takes_long_goes_on_by_a_link(
    caller: Caller, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks for a moment only, says how far it came, and a link looks on."""
    wanted = caller.send(message="wanted")
    for _ in range(3):
        caller.send()
    monkeypatch.setattr("xoxzo.cloudpy.simulator.queries.search._CHUNK_SIZE", 3)
    monkeypatch.setattr("xoxzo.cloudpy.simulator.web.console.pages.records._SEARCH_SECONDS", 0)
    page = visitor.get("/console/messages?q=wanted")
    assert "Nothing was found among the newest." in page.words
    link = page.text.partition("?q=wanted&amp;before=")[2].partition('"')[0]
    assert wanted in visitor.get(f"/console/messages?q=wanted&before={link}").text


def test_the_request_log_is_listed_and_filtered(caller: Caller, visitor: Visitor) -> None:
    """Each request is a line with its answer; classes of status and a text limit the list, which goes on by pages."""
    assert "No request was made yet" in visitor.get("/console/requests").words
    for _ in range(55):
        caller.send(message="こんにちは")
    caller.post("/sms/messages/", {"recipient": "080", "message": "<b>"})
    caller.simulator.fail_next("drop")
    caller.raw("GET", "/sms/messages/")
    page = visitor.get("/console/requests")
    assert "All 57 2xx 55 4xx 1 No answer 1" in page.words
    assert "message=こんにちは" in page.words
    assert "no answer drop GET /sms/messages/" in page.words
    older = page.text.partition('href="/console/requests?before=')[2].partition('"')[0]
    assert visitor.get(f"/console/requests?before={older}").text.count("<tr id=") == 7
    page = visitor.get("/console/requests?status=4xx&q=%3Cb%3E")
    assert page.text.count("<tr id=") == 1
    assert 'href="/console/requests?q=%3Cb%3E"' in page.text
    assert "Nothing was found." in visitor.get("/console/requests?q=nothing").words
    assert "there is no status" in visitor.get("/console/requests?status=7xx").words


def test_a_request_has_a_page(caller: Caller, visitor: Visitor) -> None:
    """It shows body, header fields and answer, leads to what it made, and offers a command without the token."""
    caller.send(message="x & y", recipient=PHONE)
    caller.post_json("/sms/messages/", {"recipient": PHONE, "message": "j", "sender": "s"})
    caller.place()
    caller.simulator.fail_next("lose_reply")
    caller.post("/sms/messages/", {"message": "y" * 20_000})
    page = visitor.get("/console/requests/1")
    assert "message x & y" in page.words
    assert "authorization Basic ••••" in page.words
    assert f'href="/console/messages/{next(iter(caller.simulator.engine.sms.messages))}"' in page.text
    assert "curl -i -u sid http://127.0.0.1:8080/sms/messages/" in page.words
    assert "dG9rZW4" not in page.text
    assert f'"recipient": "{PHONE}"' in visitor.get("/console/requests/2").words
    assert 'href="/console/calls/' in visitor.get("/console/requests/3").text
    page = visitor.get("/console/requests/4")
    assert "The rest of 20,008 bytes was not stored." in page.words
    assert "Reply lost lose_reply" in page.words
    assert "A fault closed the connection." in page.words
    assert "curl" not in page.words
    for missing in ("5", "x", "²"):
        assert visitor.get(f"/console/requests/{missing}").status == 404


def test_a_message_shows_its_timeline(caller: Caller, visitor: Visitor, listener: Listener) -> None:
    """Its page shows the request without its secrets, the price, each status and each callback, to be posted again."""
    listener.answers = [(500, b"no"), (200, b"yes")]
    with caller.simulator as simulator:
        msgid = caller.send(callbackurl=listener.url, tags="t", message="https://example.com/x", tracking_on="true")
        simulator.advance(1)
        page = visitor.get(f"/console/messages/{msgid}")
        assert page.status == 200
        assert "Next try" in page.words
        simulator.advance(60)
        page = visitor.get(f"/console/messages/{msgid}")
        for word in ("POST /sms/messages/", "Basic ••••", "Callback, try 1", "Callback, try 2", "Will be tried again"):
            assert word in page.words
        assert base64.b64encode(b"sid:token").decode() not in page.text
        assert "Next try" not in page.words
        answer = visitor.post("/console/callbacks/resend", {"ident": msgid}, accept="text/html")
        assert answer.headers["location"] == f"/console/messages/{msgid}"
        simulator.advance(0)
    assert len(listener.requests) == 3
    assert visitor.post("/console/callbacks/resend", {"ident": "nothing"}).status == 400


def test_a_call_and_a_reply_have_pages(caller: Caller, visitor: Visitor) -> None:
    """Calls and replies show their steps; an unknown id is not found."""
    callid = caller.place(recording_url=None, tts_message="hello", tts_lang="en")
    caller.step(30)
    page = visitor.get(f"/console/calls/{callid}")
    assert "Says" in page.words
    assert "Ended" in page.words
    assert f'href="{ITS_PAGE}"' in page.text
    din = caller.subscribe()["din"]
    came = caller.simulator.phone(PHONE).dial(din)
    page = visitor.get(f"/console/calls/{came.callid}")
    assert f'href="{ITS_PAGE}"' in page.text  # the phone is the one that called
    assert f"phones/%2B{din}" not in page.text
    [sin, *_] = caller.get("/sms/sins/")[1]
    caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})
    reply = caller.simulator.phone(PHONE).reply(sin["sin"], "yes please")
    assert "yes please" in visitor.get(f"/console/messages/{reply.ident}").words
    assert visitor.get("/console/messages/nothing").status == 404
    assert visitor.get("/console/messages/").status == 404


def test_the_carrier_page_decides(caller: Caller, visitor: Visitor) -> None:
    """Messages that a rule holds can be delivered, delayed or failed; a rule can be removed."""
    assert visitor.post("/console/carrier/rules/add", {"pattern": "+81 80", "rule": "sms hold"}).status == 200
    late = {"pattern": "+8190", "rule": "sms delay", "seconds": "30"}
    assert visitor.post("/console/carrier/rules/add", late).status == 200
    assert visitor.post("/console/carrier/rules/add", {"pattern": "x", "rule": "call hold"}).status == 400
    first, second, third = caller.send(), caller.send(), caller.send()
    caller.step(1)
    page = visitor.get("/console/carrier")
    assert "Waiting for you 3" in page.words
    assert '<b class="count ">3</b>' in page.text
    assert visitor.post("/console/carrier/deliver", {"ident": first}).status == 200
    assert visitor.post("/console/carrier/fail", {"ident": second}).status == 200
    assert visitor.post("/console/carrier/delay", {"ident": third, "seconds": "5"}).status == 200
    assert [caller.sms(one)["status"] for one in (first, second, third)] == ["DELIVERED", "FAIL", "DELIVERING"]
    assert visitor.post("/console/carrier/deliver", {"ident": first}).status == 400
    [rule, other] = caller.simulator.carrier.rules
    assert visitor.post("/console/carrier/rules/remove", {"ident": rule.ident}).status == 200
    assert caller.simulator.carrier.rules == (other,)
    assert "delivered later · 30 s" in visitor.get("/console/carrier").words


def test_the_xoxzo_page_decides(caller: Caller, visitor: Visitor) -> None:
    """Templates are approved or returned, credits added, senders registered, accounts verified."""
    caller.send()
    for name in ("one", "two"):
        caller.post("/sms/templates/", {"name": name, "content": "Hi {x}"})
    page = visitor.get("/console/office")
    assert "Templates 2" in page.words
    assert visitor.post("/console/office/approve", {"ident": 1}).json()["message"] == "“one” is approved."
    assert visitor.post("/console/office/return", {"ident": 2}).status == 200
    assert [one.status for one in caller.simulator.templates] == ["APPROVED", "PENDING"]
    caller.post("/sms/templates/1/", {"content": "Hello {x}"})
    assert "In force until then" in visitor.get("/console/office").words
    before = Decimal(str(caller.credits()))
    assert visitor.post("/console/office/credits", {"sid": "sid", "amount": "2.5"}).status == 200
    assert Decimal(str(caller.credits())) == before + Decimal("2.5")
    assert visitor.post("/console/office/credits", {"sid": "sid", "amount": "much"}).status == 400
    assert visitor.post("/console/office/senders", {"digits": "12345"}).status == 200
    assert "12345" in visitor.get("/console/office").words
    for path, name, label in (("verify", "verified", "Verified"), ("free-form", "allowed", "Free-form SMS")):
        for given, checked in (("no", "false"), ("yes", "true")):
            assert visitor.post(f"/console/office/{path}", {"sid": "sid", name: given}).status == 200
            assert f'aria-checked="{checked}" aria-label="{label}"' in visitor.get("/console/office").text
            [account] = caller.simulator.office.accounts()
            assert (account.verified if path == "verify" else account.free_form) is (given == "yes")
    assert visitor.post("/console/office/free-form", {"sid": "sid", "allowed": "no"}).status == 200
    assert caller.post("/sms/messages/", {"message": "x", "recipient": PHONE, "sender": "y"})[0] != 201
    assert visitor.post("/console/office/free-form", {"sid": "nobody", "allowed": "no"}).status == 400


def test_long_lists_say_how_much_they_leave_out(caller: Caller, visitor: Visitor) -> None:
    """A page shows two hundred of each, and the number of the rest."""
    for index in range(205):
        caller.post("/sms/templates/", {"name": f"t{index}", "content": "x"})
        caller.post("/sms/messages/", {"message": "x", "recipient": PHONE, "sender": "y"}, **_account(index))
    caller.simulator.carrier.add_rule("", "hold")
    caller.step(1)
    assert visitor.get("/console/office").words.count("5 more are not shown.") == 2
    assert "5 more are not shown." in visitor.get("/console/carrier").words


def _account(index: int) -> dict[str, bytes]:
    return {"authorization": b"Basic " + base64.b64encode(f"sid{index}:token".encode())}


def test_faults_are_switched(caller: Caller, visitor: Visitor) -> None:
    """A fault is turned on, shown on every page, and turned off: alone, with its kind, or with all."""
    switches = caller.simulator.faults
    asked = {"kind": "lose_reply", "endpoint": "POST /sms/messages/", "times": "3", "percent": "12.5"}
    assert visitor.post("/console/faults/add", asked).status == 200
    assert visitor.post("/console/faults/add", {"kind": "callback_late", "seconds": "7"}).status == 200
    assert visitor.post("/console/faults/add", {"kind": "callback_late"}).status == 200
    assert [(one.chance, one.left, one.seconds) for one in switches] == [(0.125, 3, 5), (1, None, 7), (1, None, 5)]
    page = visitor.get("/console/faults")
    assert "POST /sms/messages/ · the next 3 · by chance, 12.5 %" in page.words
    assert "until switched off · 7 s" in page.words
    assert "3 faults are on" in visitor.get("/console/clock").text
    [first, *_] = switches
    assert visitor.post("/console/faults/remove", {"ident": first.ident}).status == 200
    switches.add("drop")
    assert visitor.post("/console/faults/off", {"kind": "callback_late"}).status == 200
    assert [fault.kind for fault in switches] == ["drop"]
    assert visitor.post("/console/faults/off", {"kind": "drop"}).status == 200
    assert list(switches) == []
    assert "faults are on" not in visitor.get("/console/clock").text
    for wrong in ({"times": "1.5"}, {"times": "many"}, {"percent": "nan"}, {"percent": "0"}, {"kind": "bird"}):
        assert visitor.post("/console/faults/add", {"kind": "slow", **wrong}).status == 400


def test_every_kind_of_fault_has_a_name() -> None:
    """A new kind of fault cannot be forgotten here."""
    assert set(actions.FAULTS) == set(KINDS)


def test_the_clock_is_stopped_advanced_and_run(visitor: Visitor) -> None:
    """Time stands still, is advanced by so much or to what is due next, and goes on."""
    with Simulator() as simulator:
        visitor = Visitor(simulator)
        assert visitor.post("/console/clock/stop").status == 200
        assert "The clock is stopped." in visitor.get("/").text
        assert visitor.post("/console/clock/advance", {"to": "next"}).status == 400  # nothing is due
        caller_at = simulator.engine.clock.now()
        assert visitor.post("/console/clock/advance", {"seconds": 3600}).status == 200
        assert simulator.engine.clock.now() == caller_at + 3600
        with simulator.engine as engine:
            engine.context.after(50, lambda: None)
        assert "Go there" in visitor.get("/console/clock").words
        assert visitor.post("/console/clock/advance", {"to": "next"}).status == 200
        assert simulator.engine.clock.now() == caller_at + 3650
        assert visitor.post("/console/clock/advance", {"seconds": "soon"}).status == 400
        assert visitor.post("/console/clock/run").status == 200
        assert not simulator.clock_stopped
        with simulator.engine as engine:
            engine.context.after(500, lambda: None)
        assert "Next:" in visitor.get("/console/clock").words


def test_the_clock_shows_the_next_event(caller: Caller, visitor: Visitor) -> None:
    """What is due next is named: a message, a one-time password, the renewal of a number."""

    def coming() -> str:
        return visitor.get("/console/clock").words

    assert "Nothing is due." in coming()
    caller.subscribe()
    assert "the number +81 50 0000 0001 is renewed" in coming()
    caller.post("/otp/register-website/", {"website": "example.com"})
    caller.post("/otp/request/", {"website": "example.com", "phone_number": PHONE})
    assert "a message to +81 80 1234 5678 moves on" in coming()
    caller.step(0.5)
    assert "a message to +81 80 1234 5678 moves on" in coming()
    caller.step(1)
    assert "a one-time password for +81 80 1234 5678 expires" in coming()
    caller.place()
    page = coming()
    assert "Next: 2026-03-01 12:00:02 Go there" in page
    with caller.simulator as simulator:
        caller.send(callbackurl="http://127.0.0.1:9/report")
        simulator.advance(1)
        assert "a callback is tried again" in coming()


def test_the_overview_counts(caller: Caller, visitor: Visitor, listener: Listener) -> None:
    """Charts tell in words what they show, and refusals their reasons."""
    with caller.simulator as simulator:
        caller.send(callbackurl=listener.url)
        caller.place()
        caller.post("/sms/messages/", {"message": "x", "recipient": "12", "sender": "y"})
        simulator.advance(60)
        page = visitor.get("/console/overview")
    assert 'aria-label="1 messages and 1 calls in the last hour"' in page.text
    assert 'aria-label="1 callbacks delivered, 0 tries failed"' in page.text
    assert 'aria-label="Messages: DELIVERED 1"' in page.text
    assert '{"recipient":["Invalid recipient"]}' in page.words
    assert 'href="/console/requests?status=failed"' in page.text


def test_without_a_script_a_mistake_has_a_page(visitor: Visitor) -> None:
    """A browser without JavaScript gets a page that shows the error."""
    answer = visitor.post("/console/carrier/deliver", {"ident": "nothing"}, accept="text/html")
    assert answer.status == 400
    assert "there is no such message under way" in answer.words


def test_what_cannot_be_saved_is_reported(caller: Caller, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database cannot be written, a post says so, and so does a page."""
    caller.send()
    token = visitor.token()

    def fail(*_: object) -> None:
        raise NotSaved("not_saved")

    monkeypatch.setattr(Simulator, "timeline", fail)
    monkeypatch.setattr(Simulator, "resend_callback", fail)
    assert visitor.get("/console/messages/some").status == 503
    assert visitor.post("/console/callbacks/resend", {"csrf": token, "ident": "some"}).status == 503


def test_files_are_sent_once(visitor: Visitor) -> None:
    """A style sheet that the browser has is not sent again."""
    answer = visitor.get("/console/static/console.css")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    again = visitor.get("/console/static/console.css", if_none_match=answer.headers["etag"])
    assert (again.status, again.text) == (304, "")


def test_a_head_request_has_no_body(visitor: Visitor) -> None:
    """HEAD tells the length of a page, and does not send it."""
    answer = visitor.ask("HEAD", "/console/clock")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) > 1000
    assert answer.text == ""
