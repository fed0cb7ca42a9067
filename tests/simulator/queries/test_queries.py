"""Searching, time lines, the list of phones and the figures of the overview."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simulator_callers import Caller, Listener

from xoxzo.cloudpy.errors import SimulatorError

NUMBER = "+818012345678"
OTHER = "+819011112222"


@pytest.fixture
def filled(caller: Caller) -> Caller:
    """A simulator in which a little of everything happened; texts tell the messages apart."""
    caller.send(message="一番 http://example.com/a", tags="shop,x")
    caller.send(message="second word", recipient=OTHER, sender="Shop")
    caller.send(message="third", recipient="+819000000001")
    caller.place(recording_url=None, tts_message="おはよう Word", tts_lang="ja", recipient=OTHER)
    caller.step(60)
    return caller


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", ["おはよう Word", "third", "second word", "一番 http://example.com/a"]),
        ("word", ["おはよう Word", "second word"]),
        ("word second", ["second word"]),
        ("d", ["おはよう Word", "third", "second word"]),
        ('"second word"', ["second word"]),
        ("word -second", ["おはよう Word"]),
        ("http://example.com", ["一番 http://example.com/a"]),
        (f"to:{OTHER}", ["おはよう Word", "second word"]),
        ("to:090-1111-2222", ["おはよう Word", "second word"]),
        ("to:+8180", ["一番 http://example.com/a"]),
        ("-to:+8190", ["一番 http://example.com/a"]),
        ("to:nobody", []),
        ("from:shop", ["second word"]),
        ("from:814512345678", ["おはよう Word"]),
        ("from:+8145", ["おはよう Word"]),
        ("status:delivered", ["second word", "一番 http://example.com/a"]),
        ("status:failed", ["third"]),
        ("status:answered kind:call", ["おはよう Word"]),
        ('status:"no answer"', []),
        ("tag:Shop", ["一番 http://example.com/a"]),
        ("-tag:shop kind:sms", ["third", "second word"]),
        ("kind:reply", []),
        ("kind:call kind:sms", []),
        ('tag:""', ["おはよう Word", "third", "second word", "一番 http://example.com/a"]),
    ],
)
def test_searches(filled: Caller, query: str, texts: list[str]) -> None:
    """Every word must fit; keys look at one thing, a minus turns a word round, quotes hold words together."""
    assert [found.text for found in filled.simulator.search(query).items] == texts


@pytest.mark.parametrize("together", [1, 2, 3, 100])
@pytest.mark.parametrize("word", ["number 1", "NUMBER 10", "ſtraße", "nothing", "id"])
def test_what_is_passed_over_does_not_fit(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, together: int, word: str
) -> None:
    """However many texts are looked at together, the same are found, by their text or by their id, on every page."""
    monkeypatch.setattr("xoxzo.cloudpy.simulator.queries.search._CHUNK_SIZE", together)
    idents = {caller.send(message=text): text for text in ["STRASSE", *(f"number {n}" for n in range(12)), "straße"]}
    word = next(iter(idents))[:9] if word == "id" else word
    wanted = [ident for ident, text in idents.items() if word.casefold() in text.casefold() or ident.startswith(word)]
    seen, before = [], None
    while True:
        page = caller.simulator.search(f'"{word}" kind:sms', limit=2, before=before, timeout=0)
        seen += [found.ident for found in page.items]
        if page.next is None:
            break
        assert before is None or page.next < before
        before = page.next
    assert seen == wanted[::-1]


def test_an_id_is_found_by_its_beginning(filled: Caller) -> None:
    """The beginning of an id finds a message, with or without its key."""
    msgid = filled.send(message="here")
    for query in (msgid, f"id:{msgid[:12]}"):
        assert [found.ident for found in filled.simulator.search(query).items] == [msgid]


@pytest.mark.parametrize("query", ["status:nowhere", "kind:fax", "x" * 501])
def test_searches_that_are_none(caller: Caller, query: str) -> None:
    """An unknown status or kind, and a search that is too long, raise an error that explains it."""
    with pytest.raises(SimulatorError, match=r"there is no|at most"):
        caller.simulator.search(query)


@pytest.mark.parametrize("query", ["", "word", f"to:{NUMBER}"])
def test_pages_join_without_gap_or_repetition(caller: Caller, query: str) -> None:
    """Page after page gives everything once, newest first, whatever arrives meanwhile."""
    expected = [caller.send(message=f"word {n}") for n in range(7)][::-1]
    page = caller.simulator.search(query, limit=3)
    caller.send(message="word later")
    seen = [found.ident for found in page.items]
    while page.next is not None:
        page = caller.simulator.search(query, limit=3, before=page.next)
        seen += [found.ident for found in page.items]
    assert seen == expected


def test_a_search_looks_only_so_far_at_once(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a search that finds little ends after so many things, and the next goes on there."""
    monkeypatch.setattr("xoxzo.cloudpy.simulator.queries.search.MAX_EXAMINED", 3)
    caller.send(message="wanted")
    for _ in range(4):
        caller.send()
    first = caller.simulator.search("wanted")
    assert first.items == ()
    assert first.next is not None
    [found] = caller.simulator.search("wanted", before=first.next).items
    assert found.text == "wanted"


def test_limits(caller: Caller) -> None:
    """Numbers that make no sense are refused."""
    for wrong in (0, 1_001):
        with pytest.raises(SimulatorError, match="limit"):
            caller.simulator.search(limit=wrong)
        with pytest.raises(SimulatorError, match="limit"):
            caller.simulator.phones(limit=wrong)
    for wrong in (0, 1_441):
        with pytest.raises(SimulatorError, match="minutes"):
            caller.simulator.overview(wrong)


def test_phones_come_in_the_order_of_what_reached_them_last(filled: Caller) -> None:
    """The list of phones begins with the one that was reached last, and is paged."""
    filled.send()
    page = filled.simulator.phones(limit=2)
    assert [(one.number, one.messages, one.calls) for one in page.items] == [(NUMBER, 2, 0), (OTHER, 1, 1)]
    assert page.items[1].last.kind == "call"
    rest = filled.simulator.phones(limit=2, before=page.next)
    assert [one.number for one in rest.items] == ["+819000000001"]
    assert rest.next is None


def test_phones_that_one_call_reached_are_on_one_page(caller: Caller, listener: Listener) -> None:
    """A call that is transferred reaches two phones at the same place in the order: paging leaves out neither."""
    listener.answers = [(200, b"transfer +819000000009")]
    din = caller.subscribe(action_url=listener.url)["din"]
    with caller.simulator.serve():
        caller.simulator.incoming_call(din, OTHER)
        caller.send()  # later than the call begins, earlier than it is transferred
        caller.simulator.advance(60)
    pages, before = [], None
    while len(pages) < 3 and (before is not None or not pages):
        page = caller.simulator.phones(limit=1, before=before)
        pages.append([one.number for one in page.items])
        before = page.next
    assert pages == [[NUMBER], ["+819000000009", OTHER]]


def test_a_phone_is_forgotten_with_its_last_message() -> None:
    """A number stands in the list as long as something that reached it is kept."""
    caller = Caller(max_messages=2)
    caller.send(recipient=OTHER)
    caller.send()
    caller.send()
    assert [one.number for one in caller.simulator.phones().items] == [NUMBER]
    caller.simulator.reset()
    assert caller.simulator.phones().items == ()


def test_a_thread_is_paged(filled: Caller) -> None:
    """What reached a phone comes newest first, a page at a time."""
    phone = filled.simulator.phone(OTHER)
    page = phone.thread(limit=1)
    assert [found.kind for found in page.items] == ["call"]
    rest = phone.thread(limit=1, before=page.next)
    assert [found.text for found in rest.items] == ["second word"]
    assert rest.next is None


def test_the_time_line_of_a_message(caller: Caller, listener: Listener) -> None:
    """It tells the request without its secrets, what was checked, the price, each status and the callback."""
    with caller.simulator:
        msgid = caller.send(message="見て http://example.com です", callbackurl=listener.url, track_link="true")
        caller.simulator.advance(2)
        path = caller.sms(msgid)["link_tracking"]["shortlink"].rpartition("/")[2]
        caller.raw("GET", f"/s/{path}")
    reported = caller.simulator.timeline(msgid)
    assert [entry.name for entry in reported.entries] == [
        "request", "checks", "price", "status", "status", "status", "callback", "link",
    ]  # fmt: skip
    request, checks, price = (entry.facts for entry in reported.entries[:3])
    assert (request["method"], request["path"], request["sid"]) == ("POST", "/sms/messages/", "sid")
    assert request["fields"]["message"] == "見て http://example.com です"
    assert request["authorization"] == "Basic ••••"
    assert "token" not in repr(reported)
    assert (checks["encoding"], checks["parts"], checks["carrier"]) == ("non-ASCII", 1, "KDDI")
    assert price == {"each": 10, "parts": 1, "tracking": 5, "total": 15}
    assert [entry.facts["status"] for entry in reported.entries[3:6]] == ["QUEUED", "DELIVERING", "DELIVERED"]
    assert reported.entries[6].facts["outcome"] == "delivered"
    assert reported.next_try is None


def test_the_time_line_of_a_call_and_of_a_code(filled: Caller) -> None:
    """A call tells its steps; a one-time password its fixed price; a JSON request is shown as it was."""
    [call] = filled.simulator.search("kind:call").items
    entries = filled.simulator.timeline(call.ident).entries
    steps = [entry.facts["step"] for entry in entries if entry.name == "step"]
    assert steps == ["ringing", "answered", "say", "ended"]
    assert entries[0].facts["fields"]["tts_lang"] == "ja"
    filled.post("/otp/register-website/", {"website": "example.com"})
    _, otp = filled.post_json("/otp/request/", {"website": "example.com", "phone_number": NUMBER})
    reported = filled.simulator.timeline(otp["msgid"]).entries
    assert reported[0].facts["fields"] is None
    assert '"example.com"' in reported[0].facts["body"]
    assert reported[2].facts == {"fixed": 3, "total": 3}
    with pytest.raises(SimulatorError, match="there is no message or call"):
        filled.simulator.timeline("unheardOf")


def test_a_long_request_is_cut(caller: Caller) -> None:
    """No more than 8 KiB of a request are kept, and the time line says so."""
    msgid = caller.send(tags="x" * 10_000)
    request = caller.simulator.timeline(msgid).entries[0].facts
    assert (len(request["body"]), request["cut"]) == (8_192, True)


def test_the_reason_of_a_fixed_outcome_is_shown(caller: Caller) -> None:
    """The rule for a test number is the reason of the status."""
    msgid = caller.send(recipient="+819000000002")
    caller.step(2)
    last = caller.simulator.timeline(msgid).entries[-1]
    assert last.facts == {"status": "DELIVERING", "why": "a number that is switched off"}


def test_the_overview_counts_by_minute(caller: Caller, listener: Listener) -> None:
    """Each minute has its messages, calls, credits and callbacks; balances follow what was spent and bought."""
    with caller.simulator:
        caller.send(callbackurl=listener.url)
        caller.place()
        caller.simulator.advance(60)
        caller.send(callbackurl=f"{listener.url}/no")
        listener.answers = [(500, b"")] * 20
        caller.simulator.office.add_credits("sid", 100)
        caller.simulator.advance(2)
        seen = caller.simulator.overview(3)
    assert [(one.sms, one.calls) for one in seen.minutes] == [(0, 0), (1, 1), (1, 0)]
    assert [one.spent for one in seen.minutes] == [Decimal(0), Decimal(20), Decimal(10)]
    assert [one.balance for one in seen.minutes] == [Decimal(100_000), Decimal(99_980), Decimal(100_070)]
    assert [one.callbacks_ok for one in seen.minutes] == [0, 1, 0]
    assert seen.minutes[2].callbacks_failed >= 1
    assert (seen.sms, seen.calls) == ({"DELIVERED": 2}, {"ANSWERED": 1})
    assert (seen.accounts, seen.phones, seen.callbacks_waiting) == (1, 1, 1)


def test_no_more_than_a_day_is_counted(caller: Caller) -> None:
    """Minutes of the day before are forgotten, however long it runs."""
    for _ in range(1_500):
        caller.send(recipient="+819000000002")
        caller.step(60)
    assert len(caller.simulator.engine.context.minutes) == 1_440
    assert sum(one.sms for one in caller.simulator.overview(1_440).minutes) == 1_439


@pytest.mark.parametrize("query", ["", "word", "kind:call", "-status:fail", "to:+8190", "nothing"])
def test_totals_are_those_of_the_search(filled: Caller, query: str) -> None:
    """Counts, parts and credits are the sums over all that the search finds, apart by status."""
    found = filled.simulator.search(query).items
    totals = filled.simulator.totals(query)
    assert totals.is_complete
    for statuses in (None, {"DELIVERED", "ANSWERED"}):
        counted = [one for one in found if statuses is None or one.status in statuses]
        total = totals.of(statuses)
        assert total.count == len(counted)
        assert total.parts == sum(one.parts for one in counted)
        assert total.cost == sum(one.cost for one in counted)


def test_totals_end_with_their_time(filled: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where counting would take too long, it says that there are more."""
    monkeypatch.setattr("xoxzo.cloudpy.simulator.queries.search._CHUNK_SIZE", 1)
    assert not filled.simulator.totals(timeout=0).is_complete
