"""The public API as users write it. This file is type-checked and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, assert_type

import xoxzo.cloudpy
from xoxzo.cloudpy import (
    APIError,
    AsyncClient,
    Attempt,
    Call,
    CallStatus,
    CarrierLookup,
    Client,
    Conference,
    ConferenceParticipant,
    Credits,
    DialInNumber,
    DialInSubscription,
    FoundMessages,
    InvalidArgument,
    LinkTracking,
    Message,
    MessageStatus,
    NotEnoughCredits,
    OtpRequest,
    OtpVerification,
    OtpWebsite,
    RateLimited,
    RenderedText,
    SendResult,
    SendResults,
    SentMessage,
    SmsInNumber,
    SmsInSubscription,
    StartedCall,
    StartedConference,
    StatusError,
    Template,
    TemplateStatus,
    TimedOut,
    XoxzoClient,
    XoxzoError,
    XoxzoResponse,
)

if TYPE_CHECKING:
    from xoxzo.cloudpy.protocols import Progress, Request, StreamedResponse, TimeBudget, Transport


def on_event(event: Attempt) -> None:
    """Count tries."""
    assert_type(event.maybe_sent, bool)
    assert_type(event.status, int | None)
    assert_type(event.retry_in, float | None)


class Answer:
    """A reply of a user's own."""

    status = 200
    headers: Mapping[str, str] = {}

    def read(self, budget: TimeBudget) -> bytes:
        """Nothing to read."""
        return b""

    def close(self) -> None:
        """Nothing to close."""


class Carrier:
    """A transport of a user's own."""

    def send(self, request: Request, budget: TimeBudget, progress: Progress) -> StreamedResponse:
        """Answer everything alike."""
        progress.write_started = True
        return Answer()

    def close(self) -> None:
        """Nothing to close."""


class Events:
    """A hook that is an object."""

    def __call__(self, event: Attempt, /) -> None:
        """Take one event."""


def clients() -> None:
    """Every argument of a client, and the ways to make one."""
    transport: Transport = Carrier()
    with Client(
        sid="s",
        auth_token="t",
        base_url="https://api.xoxzo.com",
        timeout=(5, 30.0),
        deadline=60,
        max_retries=2,
        max_connections=10,
        rate=5,
        transport=transport,
        app_info="shop/1.2",
        on_event=on_event,
    ) as client:
        assert_type(client, Client)
        assert_type(client.with_options(timeout=10, deadline=20.5, max_retries=0, on_event=Events()), Client)
        client.close()
        results = client.sms.send_many(["+818011112222", {"recipient": "+818033334444"}], sender="Shop", message="Hi")
        assert_type(results, SendResults)
        assert_type(list(results), list[SendResult])
        assert_type(results.unknown[0].error, XoxzoError | None)
        assert_type(client.sms.settle(XoxzoError("x")), FoundMessages)
        client.sms.send(recipient="+818011112222", sender="Shop", message="Hi", reference="auto", extra={"new": "true"})
    Client(timeout=3.5, on_event=[lambda event: print(event.outcome), Events()], default_headers={"X-Team": "shop"})
    Client(timeout=3.5, on_event=lambda event: print(event.outcome))


def sms(client: Client) -> None:
    """Send, get, list and find."""
    sent = client.sms.send(
        recipient="+818011112222",
        sender="Xoxzo1",
        message="こんにちは",
        callback_url=None,
        reference="order-7",
        tags=("a", "b"),
        track_link=True,
        lt_callback_url="https://example.com/",
        jp_kp=False,
        jp_kpl=True,
        jp_kp_sender="0312341234",
    )
    assert_type(sent, SentMessage)
    assert_type(sent.msgid, str)
    assert_type(sent.reference, str | None)

    message = client.sms.get(sent.msgid)
    assert_type(message, Message)
    assert_type(message.status, MessageStatus)
    assert_type(message.status.is_final, bool)
    assert_type(message.sent_time, datetime | None)
    assert_type(message.cost, Decimal | None)
    assert_type(message.tags, tuple[str, ...])
    assert_type(message.link_tracking, LinkTracking | None)
    if message.status == "EXPIRED" or not message.status.is_known:
        print(message.raw["msgid"])
    if message.status is MessageStatus.DELIVERED:
        print(message.cost)

    messages = client.sms.list(on=date(2026, 1, 31), since="2026-01-31", until=None)
    assert_type(messages, Iterator[Message])
    for one in messages:
        assert_type(one, Message)
    found = client.sms.find("order-7", since=date(2026, 1, 31))
    assert_type(found, FoundMessages)
    assert_type(found.found, bool)


def others(client: Client) -> None:
    """Calls, dial-in numbers and the account."""
    started = client.calls.play(
        caller="814512345678", recipient="+818011112222", recording_url="http://example.com/1.mp3", tags=["a"]
    )
    assert_type(started, StartedCall)
    client.calls.say(
        caller="814512345678", recipient="+818011112222", tts_message="おはよう", tts_lang="ja", jp_din_caller=True
    )
    call = client.calls.get(started.callid)
    assert_type(call, Call)
    assert_type(call.status, CallStatus)
    assert_type(call.duration, int)

    assert_type(client.dins.search(country="JP", prefix="8150"), Iterator[DialInNumber])
    number = next(client.dins.search())
    assert_type(client.dins.subscribe(number.din_uid), DialInSubscription)
    client.dins.set_action_url(number.din_uid, action_url="https://example.com/")
    for subscription in client.dins.list():
        assert_type(subscription.action_url, str | None)
    client.dins.unsubscribe(number.din_uid)

    assert_type(client.account.credits(), Credits)
    assert_type(client.account.credits().credits, Decimal)


def templates(client: Client) -> None:
    """Templates and one-time passwords."""
    assert_type(client.templates.list(), Iterator[Template])
    template = client.templates.create(name="Booking", content="{name}")
    assert_type(template, Template)
    assert_type((template.id, template.approved_content), tuple[int, str | None])
    assert_type(template.status, TemplateStatus)
    assert_type(template.placeholders, tuple[str, ...])
    assert_type(template.render({"name": "Alice"}), RenderedText)
    assert_type(client.templates.render(7, {"name": "Alice"}).parts, int | None)
    assert_type(client.templates.render(template, {}).cost, Decimal | None)
    assert_type(client.templates.update(template.id, content="Hi {name}"), Template)
    sent = client.templates.send(
        template,
        recipient="+818011112222",
        sender="Xoxzo1",
        variables={"name": "Alice"},
        reference="order-7",
        track_link=True,
    )
    assert_type(sent, SentMessage)
    client.templates.send(7, recipient="+818011112222", sender="Xoxzo1", jp_kp=True, jp_kp_sender="03")
    client.templates.delete(template.id)

    assert_type(client.otp.register_website(website="https://example.com", template_id=3), OtpWebsite)
    requested = client.otp.request(website="https://example.com", phone_number="+818011112222")
    assert_type(requested, OtpRequest)
    answer = client.otp.verify(
        website="https://example.com", phone_number="+818011112222", code="482913", otp_id=requested.otp_id
    )
    assert_type(answer, OtpVerification)
    assert_type(answer.verified, bool)


def conferences(client: Client) -> None:
    """Conferences, look-ups and the retired numbers."""
    started = client.conferences.create(
        caller="814512345678", participants=("+818011112222", "+818033334444"), tags=["a"], lang="ja"
    )
    assert_type(started, StartedConference)
    assert_type(started.participants, tuple[ConferenceParticipant, ...])
    conference = client.conferences.get(started.conferenceid)
    assert_type(conference, Conference)
    assert_type(conference.participants, tuple[Call, ...])

    lookup = client.lookup.carrier("+818011112222")
    assert_type(lookup, CarrierLookup)
    assert_type((lookup.found, lookup.mccmnc, lookup.cost), tuple[bool, str, Decimal | None])

    assert_type(client.sins.search(country="JP"), Iterator[SmsInNumber])
    assert_type(client.sins.subscribe("s"), SmsInSubscription)
    client.sins.set_action_url("s", action_url="https://example.com/")
    assert_type(client.sins.list(), Iterator[SmsInSubscription])
    client.sins.unsubscribe("s")


async def asynchronous() -> None:
    """The same, awaited."""
    async with AsyncClient(sid="s", auth_token="t", timeout=5, on_event=on_event) as client:
        assert_type(client, AsyncClient)
        sent = await client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello")
        assert_type(sent, SentMessage)
        assert_type(await client.sms.get(sent.msgid), Message)
        assert_type(client.sms.list(), AsyncIterator[Message])
        messages = [one async for one in client.sms.list(after="2026-01-31")]
        assert_type(messages, list[Message])
        assert_type(await client.sms.find("order-7"), FoundMessages)
        assert_type(await client.calls.get("c"), Call)
        assert_type(client.dins.search(), AsyncIterator[DialInNumber])
        await client.dins.unsubscribe("d")
        assert_type(await client.account.credits(), Credits)
        assert_type(client.templates.list(), AsyncIterator[Template])
        assert_type(await client.templates.render(7, {}), RenderedText)
        assert_type(await client.otp.request(website="a", phone_number="+818011112222"), OtpRequest)
        assert_type(await client.lookup.carrier("+818011112222"), CarrierLookup)
        assert_type(client.with_options(deadline=1), AsyncClient)
        await client.close()


def errors(client: Client) -> None:
    """What may go wrong, from the particular to the general."""
    try:
        client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello")
    except InvalidArgument as error:
        assert_type((error.field, error.reason), tuple[str, str])
    except NotEnoughCredits as error:
        assert_type(error.required, Decimal | None)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except StatusError as error:
        assert_type(error.status, int)
        assert_type(error.field_errors, dict[str, tuple[str, ...]])
        assert_type(error.detail, str | None)
    except TimedOut as error:
        assert_type(error.phase, Literal["connect", "pool", "write", "read", "deadline"])
    except APIError as error:
        assert_type(error.maybe_sent, bool)
        assert_type((error.operation, error.request_id, error.attempts), tuple[str, str, int])
        assert_type(error.reference, str | None)
    except XoxzoError as error:
        print(error)


def classic() -> None:
    """A program written for 0.5."""
    client = XoxzoClient("s", "t")
    result = client.send_sms("Hello", "+818011112222", "Xoxzo1")
    assert_type(result, XoxzoResponse)
    if result.errors is None:
        print(result.messages[0]["msgid"])
    assert_type(xoxzo.cloudpy.__version__, str)
