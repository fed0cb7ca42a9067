"""The tasks that send one message or start one call."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace

import pytest
from celery import Celery

from xoxzo.cloudpy import ConfigurationError, InvalidArgument, RateLimited, ResponseLost
from xoxzo.cloudpy.callbacks import Callbacks
from xoxzo.cloudpy.integrations.celery import install, play, say, send_sms, settings, single
from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo

pytestmark = pytest.mark.usefixtures("app")
PHONE, CALLER = "+818011112222", "815011112222"
SEND = "POST /sms/messages/"


def inbox(simulator: SimulatedXoxzo) -> list[str]:
    """Return what the phone has received."""
    simulator.advance(60)
    return [message.text for message in simulator.phone(PHONE).inbox]


def test_each_task_sends(simulator: SimulatedXoxzo) -> None:
    """Each task sends once, with the given reference or the task's id, and returns what JSON can encode."""
    named = send_sms.delay(PHONE, "hello", reference="booking-1").get()
    unnamed = send_sms.delay(PHONE, "{}", sender="Other", tags=["spring"])
    assert (named["reference"], unnamed.get()["reference"]) == ("booking-1", unnamed.id)
    assert json.loads(json.dumps(named)) == named
    assert inbox(simulator) == ["hello", "{}"]
    spoken = say.delay(PHONE, "おはようございます。", CALLER, reference="call-1").get()
    played = play.delay(PHONE, "http://example.com/hello.mp3", CALLER).get()
    with simulator.client() as client:
        assert client.sms.find(unnamed.id).messages[0].tags == ("spring", unnamed.id)
        assert [client.calls.get(call["callid"]).callid for call in (spoken, played)] == [
            spoken["callid"],
            played["callid"],
        ]


def test_template_and_callbacks(app: Celery, simulator: SimulatedXoxzo) -> None:
    """A template is sent with its variables, and reports are requested where callbacks are set up."""
    with simulator.client() as client:
        template = client.templates.create(name="Greeting", content="Hello {name}")
        simulator.approve_template(template.id)
    callbacks = Callbacks("a secret that is long enough for this", "https://shop.example/xoxzo")
    install(app, account=settings.current.account, sender="Shop", callbacks=callbacks)
    send_sms.delay(PHONE, template=template.id, variables={"name": "Ann"}, reference="t-1").get()
    assert inbox(simulator) == ["Hello Ann"]
    own = "https://shop.example/own"
    for task in (send_sms.delay(PHONE, "hello", callback_url=own), say.delay(PHONE, "hello", CALLER, callback_url=own)):
        assert task.get()["reference"] == task.id


def test_what_surely_had_no_effect_is_tried_again(simulator: SimulatedXoxzo) -> None:
    """A 429 and a refused connection are tried again, each attempt with the same reference; others are not."""
    simulator.fail_next("throttled", SEND, times=2)
    assert send_sms.delay(PHONE, "hello", reference="r-1").get()["reference"] == "r-1"
    assert inbox(simulator) == ["hello"]
    simulator.fail_next("throttled", SEND, times=100)
    with pytest.raises(RateLimited):
        send_sms.delay(PHONE, "hello").get()
    simulator.faults.all_normal()
    with pytest.raises(InvalidArgument):
        send_sms.delay("090", "hello").get()
    assert inbox(simulator) == ["hello"]


@pytest.mark.parametrize("fault", ["lose_reply", "error_after"])
def test_unknown_is_not_sent_again(fault: str, simulator: SimulatedXoxzo) -> None:
    """What may have been sent is an error that says so, with its reference, also where JSON carried it."""
    simulator.fail_next(fault, SEND)
    result = send_sms.delay(PHONE, "hello")
    error = result.result
    assert (error.maybe_sent, error.reference) == (True, result.id)
    stored = send_sms.AsyncResult(result.id).result
    assert (type(stored), stored.maybe_sent, stored.reference, stored.fields) == (
        type(error),
        True,
        result.id,
        error.fields,
    )
    assert inbox(simulator) == ["hello"]
    again = send_sms.apply_async((PHONE, "hello"), task_id=result.id)
    assert type(again.result) is type(error)
    assert inbox(simulator) == ["hello"]


def test_a_task_that_is_delivered_twice_sends_once(simulator: SimulatedXoxzo) -> None:
    """A task that is delivered again, after its end or after its worker was killed, sends nothing twice."""
    first = send_sms.apply_async((PHONE, "hello"), task_id="t-1").get()
    assert send_sms.apply_async((PHONE, "hello"), task_id="t-1").get() == first
    simulator.fail_next("throttled", SEND)
    retried = send_sms.apply_async((PHONE, "again"), task_id="t-2")
    assert retried.get()["reference"] == "t-2"
    send_sms.backend.forget("t-1")
    # The worker was killed after it had sent, and before Celery had stored the result.
    assert send_sms.apply_async((PHONE, "hello"), task_id="t-1").get() == first
    # It was killed before it had sent, as far as anybody knows.
    send_sms.backend.store_result("t-3-xoxzo-0", None, "XOXZO_BEGUN")
    say.backend.store_result("t-4-xoxzo-0", None, "XOXZO_BEGUN")
    simulator.fail_next("error", "GET /sms/messages/")
    for task in (
        send_sms.apply_async((PHONE, "lost"), task_id="t-3"),
        send_sms.apply_async((PHONE, "lost"), task_id="t-3"),
        say.apply_async((PHONE, "lost", CALLER), task_id="t-4"),
    ):
        assert isinstance(task.result, ResponseLost)
        assert (task.result.maybe_sent, task.result.reference) == (True, task.id)
    assert inbox(simulator) == ["hello", "again"]


def test_a_retry_that_is_delivered_twice_is_ignored(simulator: SimulatedXoxzo) -> None:
    """An attempt whose retry is queued does nothing when it is delivered again."""
    send_sms.backend.store_result("t-5-xoxzo-0", None, "XOXZO_RETRIED")
    assert send_sms.apply_async((PHONE, "hello"), task_id="t-5").state == "IGNORED"
    assert inbox(simulator) == []


def test_without_readable_results(simulator: SimulatedXoxzo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a result backend, a task that is delivered again is only looked up."""
    backend = Celery("other", broker="memory://", set_as_current=False).backend
    request = SimpleNamespace(id="t-6", retries=0, is_eager=False, delivery_info=None)
    monkeypatch.setattr(single, "current_task", SimpleNamespace(backend=backend, request=request, max_retries=1))
    sends = ["m"]
    attempt = partial(single._attempt, "sms.send", "msgid", None, lambda _key: sends.pop())
    assert attempt() == {"msgid": "m", "reference": "t-6"}
    request.delivery_info = {"redelivered": True}
    with pytest.raises(ResponseLost):
        attempt()


def test_numbers_and_texts_stay_out_of_events(app: Celery) -> None:
    """Celery's logs, events and monitors show neither the number nor the text."""
    app.conf.task_always_eager = False
    with app.connection_for_write() as connection:
        send_sms.apply_async((PHONE, "a secret"), {"reference": "r-9"}, connection=connection)
        queue = connection.SimpleQueue("celery")
        headers = queue.get(timeout=5).headers
        queue.close()
    assert "1111" not in str(headers)
    assert "secret" not in str(headers)


def test_no_sender(app: Celery, simulator: SimulatedXoxzo) -> None:
    """Without a sender nothing is sent, and the error says what to write."""
    install(app, account=settings.current.account)
    with pytest.raises(ConfigurationError, match="give install"):
        send_sms.delay(PHONE, "hello").get()
    assert inbox(simulator) == []
