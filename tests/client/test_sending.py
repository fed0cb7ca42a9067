"""`sms.send_many`, `sms.settle` and raw responses of listings."""

from __future__ import annotations

import asyncio
import json
import pickle
from urllib.parse import parse_qs

import pytest
from client_runner import ClientRunner
from faulty_server import FaultyServer, close, reply

from xoxzo.cloudpy import AsyncClient, Client, SendResult, errors

MADE_UP = {"sid": "sid", "auth_token": "token", "max_retries": 0}
SHOP = {"sender": "Shop", "message": "Hi"}
FIRST, SECOND, THIRD = "+818011112222", "+818033334444", "+818055556666"


@pytest.fixture(params=["threads", "asyncio"])
def run(request) -> ClientRunner:
    return ClientRunner(request.param, MADE_UP)


def sent(msgid: str):
    return reply(201, json.dumps([{"msgid": msgid}]))


def form(request: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.partition(b"\r\n\r\n")[2].decode()).items()}


def test_many_are_sent_in_order(run) -> None:
    """Each gets a request of its own in the order given, with a reference of its own, and the results say so."""
    with FaultyServer(sent("a"), sent("b")) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST, SECOND], **SHOP))
    bodies = [form(request) for request in server.requests]
    assert [body["recipient"] for body in bodies] == [FIRST, SECOND]
    assert [result.sent.msgid for result in results] == ["a", "b"]
    assert [result.sent.reference for result in results] == [body["tags"] for body in bodies]
    assert bodies[0]["tags"] != bodies[1]["tags"]
    assert (len(results), results.sent, results.stopped_by) == (2, results.results, None)
    assert (results.refused, results.unknown, results.not_tried) == ((), (), ())


def test_each_may_have_parameters_of_its_own(run) -> None:
    """What a message sets comes before what all share."""
    messages = [
        {"recipient": FIRST, "message": "Hi Hanako", "reference": "h"},
        {"recipient": SECOND, "reference": None},
    ]
    with FaultyServer(sent("a"), sent("b")) as server:
        results = run(server.url, lambda c: c.sms.send_many(messages, tags=["x"], **SHOP))
    assert [form(request) for request in server.requests] == [
        {"recipient": FIRST, "sender": "Shop", "message": "Hi Hanako", "tags": "x,h"},
        {"recipient": SECOND, "sender": "Shop", "message": "Hi", "tags": "x"},
    ]
    assert [result.sent.reference for result in results] == ["h", None]


def test_one_failure_does_not_stop_the_others(run) -> None:
    """Sent, refused and unknown messages are distinguished, whatever happens to one message."""
    script = [sent("a"), reply(400, '{"sender": ["no"]}'), close, reply(500), sent("b")]
    numbers = [FIRST, SECOND, "080-1111-2222", THIRD, "+818077778888", "+818099990000"]
    with FaultyServer(*script) as server:
        results = run(server.url, lambda c: c.sms.send_many(numbers, **SHOP))
    assert [result.status for result in results] == ["sent", "refused", "refused", "unknown", "unknown", "sent"]
    assert [type(result.error).__name__ for result in results] == [
        *("NoneType", "BadRequest", "InvalidArgument", "ResponseLost", "ServerError", "NoneType")
    ]
    assert [result.recipient for result in results] == numbers
    assert all(result.error.reference for result in results.unknown)
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(401, '{"detail": "Invalid sid/token"}'), errors.AuthenticationFailed),
        (reply(403, '{"non_field_errors": ["Not enough credits, required: 10"]}'), errors.NotEnoughCredits),
    ],
)
def test_sending_stops_where_no_message_could_be_sent(run, answer, kind) -> None:
    """Without credentials or credits the rest is not tried, and what was sent before is reported."""
    with FaultyServer(sent("a"), answer) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST, SECOND, THIRD, "0"], **SHOP))
    assert [result.status for result in results] == ["sent", "refused", "not_tried", "refused"]
    assert isinstance(results.stopped_by, kind)
    assert len(server.requests) == 2


def test_a_client_that_is_closed_stops() -> None:
    """A client that cannot make requests any more tries no message after that."""
    with FaultyServer(sent("a")) as server, Client(**MADE_UP, base_url=server.url) as client:
        results = client.sms.send_many([FIRST, SECOND], **SHOP, on_result=lambda result: client.close())
    assert [result.status for result in results] == ["sent", "not_tried"]
    assert isinstance(results.stopped_by, errors.ConfigurationError)


def test_a_client_that_is_closed_stops_on_asyncio() -> None:
    """The same in an event loop, where nothing could be sent at all."""

    async def main():
        client = AsyncClient(**MADE_UP)
        await client.close()
        return await client.sms.send_many([FIRST, SECOND], **SHOP)

    results = asyncio.run(main())
    assert [result.status for result in results] == ["not_tried", "not_tried"]
    assert isinstance(results.stopped_by, errors.ConfigurationError)


def test_limited_recipients_are_refused_one_by_one(run) -> None:
    """A number that a staging client must not reach is refused and stops nothing."""
    with FaultyServer(sent("a")) as server:
        results = run(server.url, lambda c: c.sms.send_many([SECOND, FIRST], **SHOP), allowed_recipients=[FIRST])
    assert [result.status for result in results] == ["refused", "sent"]


def test_each_result_is_reported_at_once(run, caplog) -> None:
    """A program that is interrupted has the results so far; a callback that fails is logged and stops nothing."""
    received: list[SendResult] = []

    def tell(result: SendResult) -> None:
        received.append(result)
        raise RuntimeError("mine")

    with FaultyServer(sent("a"), sent("b")) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST, SECOND], **SHOP, on_result=tell))
    assert received == list(results)
    assert caplog.text.count("on_result failed") == 2


def test_an_interruption_passes_through(run) -> None:
    """Ctrl-C in a send is raised unchanged; earlier results were already passed to the hook."""
    received: list[SendResult] = []

    def interrupt(event) -> None:
        if event.number and len(received) == 1:
            raise KeyboardInterrupt

    with FaultyServer(sent("a"), sent("b")) as server, pytest.raises(KeyboardInterrupt):
        run(
            server.url,
            lambda c: c.sms.send_many([FIRST, SECOND], **SHOP, on_result=received.append),
            on_event=interrupt,
        )
    assert [result.status for result in received] == ["sent"]


@pytest.mark.parametrize(
    ("messages", "shared", "field"),
    [
        (FIRST, {}, "messages"),
        ({"recipient": FIRST}, {}, "messages"),
        (5, {}, "messages"),
        ([FIRST], {"reference": "order-1"}, "reference"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_first(run, messages, shared, field) -> None:
    """One text, one mapping, or one reference for all is a mistake; nothing is sent."""
    with FaultyServer() as server, pytest.raises(errors.InvalidArgument) as caught:
        run(server.url, lambda c: c.sms.send_many(messages, **SHOP, **shared))
    assert caught.value.field == field
    assert server.requests == []


@pytest.mark.parametrize("messages", [[FIRST, {"recipient": SECOND, "mesage": "Hi"}]])
def test_a_misspelt_parameter_sends_nothing(run, messages) -> None:
    """A mistake in the program is raised before the first message goes out."""
    with FaultyServer() as server, pytest.raises(TypeError, match="mesage"):
        run(server.url, lambda c: c.sms.send_many(messages, **SHOP))
    assert server.requests == []


def test_results_show_no_number(run) -> None:
    """A repr has counts, masked numbers and no text."""
    with FaultyServer(sent("a"), close) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST, SECOND], sender="Shop", message="48q913"))
    shown = f"{results!r} {list(results)!r}"
    assert repr(results) == "SendResults(sent=1, refused=0, unknown=1, not_tried=0)"
    assert "+81••••2222" in shown
    assert not any(secret in shown for secret in (FIRST, SECOND, "48q913"))


def test_results_that_stopped_say_so(run) -> None:
    """The repr names the error that stopped sending."""
    with FaultyServer(reply(401)) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST], **SHOP))
    assert repr(results).startswith("SendResults(sent=0, refused=1, unknown=0, not_tried=0, stopped_by=Authentication")


def lost(**more) -> errors.APIError:
    return errors.ResponseLost("gone", **{"operation": "sms.send", "maybe_sent": True, "reference": "r1", **more})


def test_a_lost_send_is_found(run) -> None:
    """With an automatic reference, one line looks a lost send up, in the days since it was made."""
    with FaultyServer(close) as server, pytest.raises(errors.ResponseLost) as caught:
        run(server.url, lambda c: c.sms.send(recipient=FIRST, **SHOP, reference="auto"))
    reference = form(server.requests[0])["tags"]
    listed = json.dumps([{"msgid": "m", "status": "DELIVERED", "tags": [reference]}, {"msgid": "n", "status": "FAIL"}])
    with FaultyServer(reply(200, listed)) as server:
        found = run(server.url, lambda c: c.sms.settle(caught.value))
    assert (found.found, [message.msgid for message in found.messages]) == (True, ["m"])
    assert server.requests[0].startswith(b"GET /sms/messages/?sent_date%3E=2")


def test_a_send_that_is_not_listed_is_unproven(run) -> None:
    """Not found is no proof: the result has nothing that could be taken for "not sent"."""
    with FaultyServer(reply(200, "[]")) as server:
        found = run(server.url, lambda c: c.sms.settle(lost(), since="2026-11-30"))
    assert (found.found, found.messages, found.reference) == (False, (), "r1")
    assert b"sent_date%3E=2026-11-30" in server.requests[0]


@pytest.mark.parametrize("operation", ["sms.send", "templates.send"])
def test_what_is_in_the_list_can_be_looked_up(run, operation) -> None:
    """Both kinds of SMS are in the list of sent messages; an own reference tells no day."""
    with FaultyServer(reply(200, "[]")) as server:
        assert not run(server.url, lambda c: c.sms.settle(lost(operation=operation))).found
    assert server.requests[0].startswith(b"GET /sms/messages/ ")


@pytest.mark.parametrize(
    "error",
    [
        errors.BadRequest(400, operation="sms.send", reference="r1"),
        errors.ConnectionFailed("refused", operation="sms.send", reference="r1"),
        errors.InvalidArgument("recipient", "is none"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_was_surely_not_sent_is_raised_again(run, error) -> None:
    """There is nothing to look up: the error is the answer."""
    with FaultyServer() as server, pytest.raises(type(error)) as caught:
        run(server.url, lambda c: c.sms.settle(error))
    assert caught.value is error
    assert server.requests == []


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (lost(operation="calls.say"), "must be an error of sending an SMS"),
        (lost(reference=None), "has no reference to look up"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(run, error, rule) -> None:
    """A call is in no list, and a send without a reference cannot be identified in it."""
    with FaultyServer() as server, pytest.raises(errors.InvalidArgument, match=rule):
        run(server.url, lambda c: c.sms.settle(error))
    assert server.requests == []


TEMPLATES = reply(200, '[{"id": 1, "name": "a", "status": "APPROVED"}]', x_trace="abc")


def test_a_listing_with_its_response() -> None:
    """A listing that is read to its end in the call comes with status and headers; its body was streamed."""
    with FaultyServer(TEMPLATES) as server, Client(**MADE_UP, base_url=server.url) as client:
        response = client.with_raw_response(lambda c: list(c.templates.list()))
    assert [template.id for template in response.value] == [1]
    assert (response.status, response.headers["x-trace"], response.body) == (200, "abc", b"")


def test_a_listing_with_its_response_on_asyncio() -> None:
    """The same in an event loop."""

    async def gather(client: AsyncClient):
        return [template async for template in client.templates.list()]

    async def main(url: str):
        async with AsyncClient(**MADE_UP, base_url=url) as client:
            return await client.with_raw_response(gather)

    with FaultyServer(TEMPLATES) as server:
        response = asyncio.run(main(server.url))
    assert ([template.id for template in response.value], response.headers["x-trace"]) == ([1], "abc")


def test_results_survive_pickle(run) -> None:
    """Results may go to another process."""
    with FaultyServer(sent("a"), close) as server:
        results = run(server.url, lambda c: c.sms.send_many([FIRST, SECOND], **SHOP))
    again = pickle.loads(pickle.dumps(results))
    assert [(result.status, result.recipient) for result in again] == [
        (result.status, result.recipient) for result in results
    ]
