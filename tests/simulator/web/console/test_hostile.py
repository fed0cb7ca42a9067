"""Nothing that anyone asks of the console, or posts to it, breaks it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from console_client import Visitor
from hypothesis import given, settings, strategies as st
from simulator_callers import Caller

from xoxzo.cloudpy.simulator import Simulator
from xoxzo.cloudpy.simulator.web.console import pages
from xoxzo.cloudpy.simulator.web.console.page_request import CSRF_TOKEN

SHOWN = ["/", *pages._PAGES, *pages._PAGES_WITH_ID, "/console/static/", "/console/"]
WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["+818012345678", "1", "-1", "nan", "1e308", "1e999", "0x1", "１２", "*", "{id}", "%", "sms hold"]),
)
FIELDS = ["kind", "endpoint", "times", "percent", "seconds", "ident", "number", "outcome", "din", "sin", "text", "sid"]
FIELDS += ["amount", "digits", "verified", "pattern", "rule", "to", "anonymous", "language", "theme", "back"]


@pytest.fixture(scope="module")
def open_to_all() -> Visitor:
    """A console with content to show."""
    caller = Caller(legacy_sin=True)
    caller.send()
    caller.place()
    return Visitor(caller.simulator)


@settings(max_examples=60)
@given(st.sampled_from(SHOWN), st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_any_address(open_to_all: Visitor, path: str, rest: bytes, query: bytes, cookie: bytes) -> None:
    """Whatever stands in an address or a cookie, the answer is a page, or says that there is none."""
    target = f"{path}{rest.decode('latin-1').replace('?', '')}"
    for name in ("q=", "number="):
        asked = name + query.decode("latin-1")
        answer = open_to_all.raw("GET", target, asked, b"", cookie=cookie.decode("latin-1"), accept_language="ja;q=é")
        assert answer.status in {200, 400, 404}


@settings(max_examples=60)
@given(st.sampled_from(sorted(pages._ACTIONS)), st.dictionaries(st.sampled_from(FIELDS), WORDS, max_size=8))
def test_any_form(open_to_all: Visitor, path: str, fields: dict[str, str]) -> None:
    """Whatever is posted, it is done or refused in words."""
    body = urlencode({"csrf": CSRF_TOKEN, **fields}, errors="surrogatepass").encode()
    for accept in ("application/json", "text/html"):
        answer = open_to_all.raw("POST", path, "", body, accept=accept)
        assert answer.status in {200, 303, 400}, answer.text


def test_any_body(open_to_all: Visitor) -> None:
    """What is no form at all has no token, and is refused."""
    for body in (b"\xff\xfe", b"&" * 60_000, b"=", b"csrf", b'{"csrf": 1}'):
        assert open_to_all.raw("POST", "/console/faults/add", "", body).status == 403


def test_the_simulator_goes_on(open_to_all: Visitor) -> None:
    """After all that, the console is still there."""
    assert isinstance(open_to_all.app._simulator, Simulator)
    assert open_to_all.get("/console/overview").status == 200
