"""Tracked links: opened like any address, over sockets; recorded, reported once, dead after their days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, strategies as st
from simulator_callers import SMS, Caller, Listener, Web, web

PHONE = SMS["recipient"]
LINK = "http://example.com/a?b=c"
TRACKED = {**SMS, "message": f"see {LINK} now", "track_link": "true"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def page(caller: Caller) -> Iterator[Web]:
    """A connection to the caller's simulator."""
    with caller.simulator.serve() as server, web(server.url) as opened:
        yield opened


def sent(page: Web, **fields: str) -> str:
    """Send a tracked message over the socket; returns its msgid."""
    status, _, body = page("POST", "/sms/messages/", urlencode({**TRACKED, **fields}).encode(), **FORM)
    assert status == 201
    return body.decode().split('"')[3]


def link_on_the_phone(caller: Caller) -> str:
    """Return the path of the short link in the latest message."""
    word = caller.simulator.phone(PHONE).inbox[-1].text.split()[1]
    return "/" + word.partition("://")[2].partition("/")[2]


def tracking(caller: Caller, msgid: str) -> dict[str, Any]:
    """Return what the status object says about the link."""
    return caller.sms(msgid)["link_tracking"]


def test_a_link_is_opened_by_anybody(caller: Caller, page: Web, listener: Listener) -> None:
    """The phone shows an address of this very server; it leads on, the first time is recorded and reported."""
    msgid = sent(page, lt_callbackurl=f"{listener.url}/click", tags="a,b")
    path = link_on_the_phone(caller)
    assert path.startswith("/s/")
    assert len(path) == 8
    before = tracking(caller, msgid)
    assert before["shortlink"].endswith(path)
    caller.simulator.advance(60)
    status, headers, body = page("GET", path, Authorization="")
    assert (status, headers["location"], body) == (302, LINK, b"")
    caller.simulator.advance(5)
    page("GET", path)
    caller.simulator.advance(5)
    assert tracking(caller, msgid) == {**before, "accessed": True, "accessed_on": "2026-03-01 12:01:00"}
    [(method, where, _, report)] = listener.requests
    assert (method, where) == ("POST", "/click")
    assert {name: values[0] for name, values in parse_qs(report.decode()).items()} == {
        "msgid": msgid,
        "recipient": PHONE,
        "link": LINK,
        "shortlink": before["shortlink"],
        "accessed_on": "2026-03-01 12:01:00",
        "tags": "a,b",
    }
    assert caller.simulator.callbacks[0].kind == "click"


def test_only_get_is_a_click(caller: Caller, page: Web) -> None:
    """Whatever else comes is refused and recorded nowhere."""
    msgid = sent(page)
    path = link_on_the_phone(caller)
    assert page("HEAD", path)[0] == 404
    assert page("POST", path, b"")[0] == 405
    assert page("GET", path + "x")[0] == 404
    assert page("GET", path + "/")[0] == 404
    assert page("GET", "/s/")[0] == 404
    assert not tracking(caller, msgid)["accessed"]


def test_a_bare_domain_is_opened_by_http(caller: Caller, page: Web) -> None:
    """A link without a scheme gets one."""
    sent(page, message="see example.com now")
    assert page("GET", link_on_the_phone(caller))[1]["location"] == "http://example.com"


@pytest.mark.parametrize(("days", "status"), [(89.99, 302), (90, 404)])
def test_it_dies_after_ninety_days(caller: Caller, page: Web, days: float, status: int) -> None:
    """Until then it leads on, and not from that moment."""
    sent(page)
    caller.step(days * 86_400)
    assert page("GET", link_on_the_phone(caller))[0] == status


def test_every_click_can_be_listed() -> None:
    """With the setting, all times stand beside the first one."""
    caller = Caller(multi_click=True)
    msgid = caller.send(**TRACKED)
    assert tracking(caller, msgid)["accesses"] == []
    for _ in range(2):
        caller.raw("GET", link_on_the_phone(caller))
        caller.step(60)
    assert tracking(caller, msgid)["accesses"] == ["2026-03-01 12:00:00", "2026-03-01 12:01:00"]
    for _ in range(1000):
        caller.raw("GET", link_on_the_phone(caller))
    assert len(tracking(caller, msgid)["accesses"]) == 1000


def test_parts_do_not_depend_on_where_it_runs() -> None:
    """A short link counts 20 characters, as a real one does, however long this machine's address is."""
    caller = Caller()
    filled = "x" * (140 - len("see  ") - 20)
    msgid = caller.send(**{**TRACKED, "message": f"see {LINK} {filled}"})
    assert len(caller.simulator.phone(PHONE).inbox[0].text) > 140
    assert caller.sms(msgid)["parts"] == 1
    assert caller.credits() == 100_000 - 15
    msgid = caller.send(**{**TRACKED, "message": f"see {LINK} {filled}x"})
    assert caller.sms(msgid)["parts"] == 2


def test_a_forgotten_message_takes_its_link_along() -> None:
    """Links are bounded as messages are."""
    caller = Caller(max_messages=1)
    caller.send(**TRACKED)
    path = link_on_the_phone(caller)
    caller.send(**TRACKED)
    assert caller.raw("GET", path).status == 404
    assert caller.raw("GET", link_on_the_phone(caller)).status == 302


def test_no_two_links_are_the_same(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that is taken is drawn again."""
    drawn = iter(["aaaaa", "aaaaa", "bbbbb"])
    monkeypatch.setattr(caller.simulator.engine.context, "short_path", lambda: next(drawn))
    paths = []
    for _ in range(2):
        caller.send(**TRACKED)
        paths.append(link_on_the_phone(caller))
    assert paths == ["/s/aaaaa", "/s/bbbbb"]


ONE = Caller()


@given(st.text(st.characters(exclude_characters=" ", codec="utf-8"), min_size=1, max_size=40))
def test_no_link_breaks_a_header(rest: str) -> None:
    """Line ends, Japanese and the like are written so that a header can hold them."""
    status, _ = ONE.post("/sms/messages/", {**TRACKED, "message": f"see http://{rest} now"})
    if status == 201:
        reply = ONE.raw("GET", link_on_the_phone(ONE))
        location = dict(reply.headers)[b"location"].decode("ascii")
        assert reply.status == 302
        assert location.isprintable()
        assert " " not in location


@given(st.text(max_size=10))
def test_no_path_breaks_it(path: str) -> None:
    """Whatever is asked for, it is there or it is not."""
    assert ONE.raw("GET", f"/s/{path}").status in {302, 404}
