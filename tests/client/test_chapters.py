"""The chapters of the API on both clients against a running simulator, which knows nothing of the client."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from client_runner import ClientRunner

from xoxzo.cloudpy import TemplateStatus, errors

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = "https://example.com"
CONTENT = "{name}様、ご予約は{time}です。"
VARIABLES = {"name": "田中", "time": "18時"}
RENDERED = "田中様、ご予約は18時です。"


@pytest.fixture(params=["threads", "asyncio"])
def run(request, account) -> ClientRunner:
    """Return a runner with an account of its own."""
    sid, token = account
    return ClientRunner(request.param, {"sid": sid, "auth_token": token})


@pytest.fixture
def number(new_number) -> str:
    """Give a number that no other test sends to."""
    return new_number()


@pytest.fixture
def call(run, simulator_url) -> Callable[[Callable[[Any], Any]], Any]:
    """Call the simulator with a run."""
    return lambda verb: run(simulator_url, verb)


def control(url: str, path: str, body: object = None) -> Any:
    """Ask the simulator to play its part; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    # The address is that of our own simulator.
    with urlopen(Request(f"{url}/_simulator/{path}", data, {"content-type": "application/json"})) as answer:
        return json.loads(answer.read())


def texts(url: str, number: str) -> list[str]:
    """Give the texts that a phone has received."""
    return [message["text"] for message in control(url, f"phones/{number}")["messages"]]


def test_a_template_is_created_approved_and_sent(call, simulator_url, number) -> None:
    """A template waits until it is approved; then what arrives is what ``render`` returned, and costs as much."""
    template = call(lambda c: c.templates.create(name="Booking", content=CONTENT))
    assert (template.name, template.status, template.placeholders) == ("Booking", TemplateStatus.PENDING, ())
    assert (template.approved_content, template.pending_content) == (None, CONTENT)
    send = {"recipient": number, "sender": "Shop", "variables": VARIABLES, "reference": "booking-1"}
    with pytest.raises(errors.BadRequest):
        call(lambda c: c.templates.send(template, **send))

    control(simulator_url, f"templates/{template.id}/approve", {})
    approved = call(lambda c: c.templates.get(template.id))
    assert (approved.status, approved.placeholders) == (TemplateStatus.APPROVED, ("name", "time"))
    rendered = call(lambda c: c.templates.render(template.id, VARIABLES))
    before = call(lambda c: c.account.credits()).credits
    sent = call(lambda c: c.templates.send(approved, **send))

    assert (rendered.text, rendered.parts, rendered.cost) == (RENDERED, 1, Decimal(10))
    assert before - call(lambda c: c.account.credits()).credits == rendered.cost
    assert (call(lambda c: c.sms.get(sent.msgid)).tags, sent.reference) == (("booking-1",), "booking-1")
    assert call(lambda c: c.sms.wait(sent.msgid)).status.is_final
    assert texts(simulator_url, number) == [RENDERED]


def test_templates_are_listed_changed_and_deleted(call, simulator_url) -> None:
    """An update makes a template wait again with its old text in force, and a deletion ends it."""
    template = call(lambda c: c.templates.create(name="Booking", content=CONTENT))
    control(simulator_url, f"templates/{template.id}/approve", {})

    changed = call(lambda c: c.templates.update(template.id, content="{name}様"))
    assert (changed.id, changed.name, changed.status) == (template.id, "Booking", TemplateStatus.PENDING)
    assert (changed.approved_content, changed.pending_content) == (CONTENT, "{name}様")
    assert call(lambda c: c.templates.update(template.id, name="Table")).name == "Table"
    assert [(each.id, each.name) for each in call(lambda c: c.templates.list())] == [(template.id, "Table")]

    assert call(lambda c: c.templates.delete(template.id)) is None
    assert call(lambda c: c.templates.list()) == []
    for verb in (lambda c: c.templates.get(template.id), lambda c: c.templates.delete(template.id)):
        with pytest.raises(errors.NotFound):
            call(verb)


def test_what_the_client_does_not_know_the_server_checks(call, simulator_url, number) -> None:
    """By number, a missing variable is found by the server; a template that is not there is not found."""
    template = call(lambda c: c.templates.create(name="Booking", content=CONTENT))
    control(simulator_url, f"templates/{template.id}/approve", {})
    send = {"recipient": number, "sender": "Shop", "variables": {"name": "田中"}}

    with pytest.raises(errors.BadRequest) as caught:
        call(lambda c: c.templates.send(template.id, **send))
    assert "variables" in caught.value.field_errors
    with pytest.raises(errors.NotFound):
        call(lambda c: c.templates.send(template.id + 1_000_000, **send))
    assert texts(simulator_url, number) == []


@pytest.mark.parametrize("tutorial", [False, True], ids=["reference", "tutorial"])
def test_a_code_is_sent_and_verified(call, simulator_url, number, tutorial) -> None:
    """A wrong code is a no, the one on the phone a yes, under either of the published contracts."""
    assert "registered" in call(lambda c: c.otp.register_website(website=SITE)).message
    with pytest.raises(errors.BadRequest) as caught:
        call(lambda c: c.otp.register_website(website=SITE))
    assert "website" in caught.value.field_errors

    requested = call(lambda c: c.otp.request(website=SITE, phone_number=number))
    assert call(lambda c: c.sms.wait(requested.msgid)).status.is_final
    code = re.search(r"\d{6}", texts(simulator_url, number)[-1])[0]
    asked = {"website": SITE, "phone_number": number, "otp_id": requested.otp_id if tutorial else None}
    wrong = "000000" if code != "000000" else "111111"

    assert call(lambda c: c.otp.verify(**asked, code=wrong)).verified is False
    assert call(lambda c: c.otp.verify(**asked, code=code)).verified is True
    assert call(lambda c: c.otp.verify(**asked, code=code)).verified is False


def test_a_website_that_is_not_registered_has_no_codes(call, number) -> None:
    """A refused field is an error for a request and for a verification, and no answer about the code."""
    site = {"website": "https://nobody.example", "phone_number": number}
    for verb in (lambda c: c.otp.request(**site), lambda c: c.otp.verify(**site, code="482913")):
        with pytest.raises(errors.BadRequest) as caught:
            call(verb)
        assert "website" in caught.value.field_errors


def test_a_conference_rings_its_participants(call, number) -> None:
    """Each participant has a call of its own, which can be asked for by itself, and the conference sums them up."""
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    started = call(
        lambda c: c.conferences.create(caller="815011112222", participants=[number, other], lang="ja", tags=["a"])
    )
    assert [leg.participant for leg in started.participants] == [number, other]

    ended = [call(lambda c, leg=leg: c.calls.wait(leg.callid)) for leg in started.participants]
    conference = call(lambda c: c.conferences.get(started.conferenceid))
    assert [leg.callid for leg in conference.participants] == [leg.callid for leg in started.participants]
    assert {leg.call_type for leg in ended} == {"simple/conferences"}
    assert conference.cost == sum(leg.cost for leg in conference.participants) > 0
    assert conference.duration == max(leg.duration for leg in conference.participants)
    with pytest.raises(errors.NotFound):
        call(lambda c: c.conferences.get("41c181b6-0000-4000-8000-000000000000"))


def test_a_lookup_costs_whether_or_not_it_finds(call, number) -> None:
    """A mobile number has a carrier, a landline has none, and both are charged."""
    before = call(lambda c: c.account.credits()).credits
    found, missed = call(lambda c: c.lookup.carrier(number)), call(lambda c: c.lookup.carrier("+81311112222"))

    assert (found.found, found.recipient, found.country, found.mccmnc) == (True, number, "JP", found.mcc + found.mnc)
    assert (missed.found, missed.carrier) == (False, "")
    assert (found.cost, missed.cost) == (Decimal(5), Decimal(5))
    assert before - call(lambda c: c.account.credits()).credits == 10


@pytest.mark.parametrize(
    "verb",
    [
        lambda c: c.sins.search(),
        lambda c: c.sins.list(),
        lambda c: c.sins.subscribe("JPafr34rafic76tf"),
        lambda c: c.sins.set_action_url("JPafr34rafic76tf", action_url="https://example.com/"),
        lambda c: c.sins.unsubscribe("JPafr34rafic76tf"),
    ],
    ids=["search", "list", "subscribe", "set_action_url", "unsubscribe"],
)
def test_sins_are_gone(call, verb) -> None:
    """The service has ended, so by default the simulator has none of its paths."""
    with pytest.raises(errors.NotFound):
        call(verb)


def test_sins_as_they_were(run, start_simulator) -> None:
    """Where the retired paths are served, a number is found, subscribed, listed and released."""
    with start_simulator("--legacy-sin") as url:
        found = run(url, lambda c: c.sins.search(country="JP"))[0]
        assert run(url, lambda c: c.sins.subscribe(found.sin_uid)).sin == found.sin
        run(url, lambda c: c.sins.set_action_url(found.sin_uid, action_url="https://example.com/in"))
        (mine,) = run(url, lambda c: c.sins.list())
        assert (mine.sin_uid, mine.action_url) == (found.sin_uid, "https://example.com/in")
        run(url, lambda c: c.sins.unsubscribe(found.sin_uid))
        assert run(url, lambda c: c.sins.list()) == []
