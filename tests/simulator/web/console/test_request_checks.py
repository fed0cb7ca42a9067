"""Nothing but the console's own pages may read or post, and nothing that is shown may act."""

from __future__ import annotations

import pytest
from console_client import HERE, Visitor
from simulator_callers import SMS, Caller

PAGES = [
    "/",
    "/console",
    "/console/phones",
    "/console/phones/%2B818012345678",
    "/console/messages",
    "/console/calls",
    "/console/requests",
    "/console/carrier",
    "/console/office",
    "/console/faults",
    "/console/clock",
    "/console/overview",
    "/console/delete",
    "/console/nothing",
    "/console/static/console.css",
    "/console/static/nothing.js",
]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> javascript:alert(3) {{ 7*7 }} {n}"


@pytest.mark.parametrize("path", [*PAGES, "/console/events"])
def test_other_host_names_are_refused(visitor: Visitor, path: str) -> None:
    """A page that was opened under another name, as DNS rebinding does, gets nothing."""
    for host in ("evil.example", "evil.example:8080", "localhost.evil.example", ""):
        assert visitor.get(path, host=host).status == 403
    assert visitor.ask("POST", "/console/faults/all-normal", host="evil.example").status == 403


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_policy(visitor: Visitor, path: str) -> None:
    """No page may be framed, sniffed, or run a script that is written into it."""
    headers = visitor.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": f"http://{HERE}"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": "http://evil.example"},
    ],
)
def test_posts_of_other_sites_are_refused(visitor: Visitor, caller: Caller, headers: dict[str, str]) -> None:
    """A post that another site's page has made does nothing, even with the right token."""
    caller.simulator.faults.add("error", times=1)
    answer = visitor.post("/console/faults/all-normal", **headers)
    assert answer.status == 403
    assert "another site" in answer.text
    assert list(caller.simulator.faults)


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "same-origin", "origin": "null"}, {"origin": f"http://{HERE}"}, {}]
)
def test_posts_of_its_own_pages_are_taken(visitor: Visitor, caller: Caller, headers: dict[str, str]) -> None:
    """What a browser sends from a page of the console is done."""
    caller.simulator.faults.add("error", times=1)
    assert visitor.post("/console/faults/all-normal", **headers).status == 200
    assert not list(caller.simulator.faults)


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_post_needs_the_token(visitor: Visitor, token: str) -> None:
    """Without the token of this process a post is refused, and says what to do."""
    answer = visitor.post("/console/faults/all-normal", {"csrf": token})
    assert answer.status == 403
    assert "Reload it" in answer.text


def test_reading_changes_nothing(visitor: Visitor, caller: Caller) -> None:
    """Addresses that are posted to cannot be opened, and other methods are refused."""
    caller.simulator.faults.add("error")
    assert visitor.get("/console/faults/all-normal").status == 404
    assert visitor.post("/console/nothing").status == 404
    assert visitor.ask("DELETE", "/console/faults").status == 405
    assert list(caller.simulator.faults)


def test_forms_are_bounded(visitor: Visitor) -> None:
    """A form that is too large, or has too many fields, is refused."""
    assert visitor.post("/console/faults/add", {"kind": "x" * 70_000}).status == 413
    assert visitor.post("/console/faults/add", {f"f{index}": 1 for index in range(60)}).status == 403


def test_what_was_sent_stays_text(caller: Caller, visitor: Visitor) -> None:
    """Script in a text, a sender, a tag, a template or an account's name is shown and does not act."""
    caller.send(message=HOSTILE, tags=HOSTILE.replace(",", ""), recipient="+818012345678")
    caller.post("/sms/templates/", {"name": HOSTILE[:40], "content": HOSTILE})
    msgid = next(iter(caller.simulator.engine.sms.messages))
    paths = ["/", "/console/messages", f"/console/messages/{msgid}", "/console/office", "/console/carrier"]
    paths += ["/console/requests", "/console/requests/1", "/console/requests?q=%22%3E%3Cscript%3Ealert"]
    paths += ["/console/messages?q=%3Cscript%3Ealert(1)%3C/script%3E", "/console/phones?number=%22%3E%3Cscript%3Ealert"]
    for path in paths:
        text = visitor.get(path).text
        assert "<script>alert" not in text, path
        assert "<img" not in text, path
        assert 'href="javascript' not in text.lower(), path
        assert text.count("<script") == 1, path  # its own
    assert HOSTILE in visitor.get(f"/console/messages/{msgid}").words


def test_no_page_has_script_or_style_inside(caller: Caller, visitor: Visitor) -> None:
    """Nothing that the policy forbids is on any page: no handler, no style, nothing from elsewhere."""
    caller.send(**SMS)
    for path in PAGES[:13]:
        text = visitor.get(path).text
        assert " style=" not in text, path
        assert " on" + "click=" not in text, path
        assert 'src="http' not in text, path
