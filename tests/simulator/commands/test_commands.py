"""Carrier actions and Xoxzo actions: rules, held messages and ringing calls, templates and accounts."""

from __future__ import annotations

import pytest
from simulator_callers import Caller, Listener

from xoxzo.cloudpy.errors import SimulatorError

NUMBER = "+818012345678"
OTHER = "+819011112222"


def status(caller: Caller, msgid: str) -> str:
    return caller.sms(msgid)["status"]


@pytest.mark.parametrize(
    ("outcome", "seconds", "after_one", "after_ten"),
    [
        ("deliver", 0, "DELIVERED", "DELIVERED"),
        ("fail", 0, "FAIL", "FAIL"),
        ("hold", 0, "DELIVERING", "DELIVERING"),
        ("delay", 5, "DELIVERING", "DELIVERED"),
    ],
)
def test_a_rule_decides_what_becomes_of_messages(
    caller: Caller, outcome: str, seconds: float, after_one: str, after_ten: str
) -> None:
    """Messages to the numbers of a rule are delivered, failed, held or delayed; those to others are not."""
    caller.simulator.carrier.add_rule("+8180", outcome, seconds=seconds)
    ruled, free = caller.send(recipient=NUMBER), caller.send(recipient=OTHER)
    caller.step(1.1)
    assert (status(caller, ruled), status(caller, free)) == (after_one, "DELIVERED")
    caller.step(10)
    assert status(caller, ruled) == after_ten


def test_the_longest_pattern_counts_and_of_equal_ones_the_newest(caller: Caller) -> None:
    """A full number beats a prefix, a prefix the rule for all, a new rule an old one; a removed one has no effect."""
    carrier = caller.simulator.carrier
    carrier.add_rule("", "hold")
    exact = carrier.add_rule(NUMBER, "fail")
    carrier.add_rule("+8180", "deliver")
    carrier.add_rule("", "deliver")
    assert [rule.outcome for rule in carrier.rules] == ["hold", "fail", "deliver", "deliver"]
    first = caller.send(recipient=NUMBER)
    caller.step(1.1)
    assert status(caller, first) == "FAIL"
    carrier.remove_rule(exact.ident)
    second, elsewhere = caller.send(recipient=NUMBER), caller.send(recipient=OTHER)
    caller.step(1.1)
    assert (status(caller, second), status(caller, elsewhere)) == ("DELIVERED", "DELIVERED")
    with pytest.raises(SimulatorError, match="there is no such rule"):
        carrier.remove_rule(exact.ident)


def test_a_rule_goes_before_a_test_number(caller: Caller) -> None:
    """A number that always fails is delivered to when a rule says so."""
    caller.simulator.carrier.add_rule("+819000000001", "deliver")
    msgid = caller.send(recipient="+819000000001")
    caller.step(1.1)
    assert status(caller, msgid) == "DELIVERED"


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"pattern": "8180", "outcome": "fail"}, "pattern"),
        ({"pattern": "+81x", "outcome": "fail"}, "pattern"),
        ({"pattern": "+" + "1" * 16, "outcome": "fail"}, "pattern"),
        ({"pattern": "", "outcome": "answer"}, "outcome"),
        ({"pattern": "", "outcome": "deliver", "kind": "call"}, "outcome"),
        ({"pattern": "", "outcome": "deliver", "kind": "fax"}, "kind"),
        ({"pattern": "", "outcome": "delay", "seconds": -1}, "seconds"),
        ({"pattern": "", "outcome": "delay", "seconds": float("nan")}, "seconds"),
    ],
)
def test_rules_that_are_none(caller: Caller, wish: dict, problem: str) -> None:
    """What cannot be a rule is refused, and the message names what is wrong."""
    with pytest.raises(SimulatorError, match=problem):
        caller.simulator.carrier.add_rule(**wish)
    assert caller.simulator.carrier.rules == ()


def test_there_are_not_more_rules_than_can_be_looked_through(caller: Caller) -> None:
    """The thousand and first rule is refused."""
    for _ in range(1_000):
        caller.simulator.carrier.add_rule("", "deliver")
    with pytest.raises(SimulatorError, match="1000 rules already"):
        caller.simulator.carrier.add_rule("", "deliver")


def test_a_held_message_is_settled_manually(caller: Caller) -> None:
    """A held message is listed until it is delivered or failed, which cannot be done twice."""
    carrier = caller.simulator.carrier
    carrier.add_rule("", "hold")
    first, second = caller.send(), caller.send()
    caller.step(1.1)
    assert [found.ident for found in carrier.held()] == [first, second]
    carrier.deliver(first)
    carrier.fail(second)
    assert (status(caller, first), status(caller, second)) == ("DELIVERED", "FAIL")
    assert carrier.held() == ()
    for do in (carrier.deliver, carrier.fail, lambda ident: carrier.delay(ident, 1)):
        with pytest.raises(SimulatorError, match="no such message under way"):
            do(first)
        with pytest.raises(SimulatorError, match="no such message under way"):
            do("unheardOf")


def test_a_message_settled_early_is_not_settled_again(caller: Caller) -> None:
    """A message that was failed while it was queued stays failed when its time comes."""
    msgid = caller.send()
    caller.simulator.carrier.fail(msgid)
    caller.step(60)
    assert status(caller, msgid) == "FAIL"
    moves = [entry.facts["status"] for entry in caller.simulator.timeline(msgid).entries if entry.name == "status"]
    assert moves == ["QUEUED", "FAIL"]


def test_a_delay_counts_from_now_and_the_last_one_counts(caller: Caller) -> None:
    """A message delayed twice arrives when the second delay is over."""
    msgid = caller.send()
    caller.simulator.carrier.delay(msgid, 10)
    caller.step(5)
    caller.simulator.carrier.delay(msgid, 10)
    caller.step(9)
    assert status(caller, msgid) == "DELIVERING"
    caller.step(1.1)
    assert status(caller, msgid) == "DELIVERED"
    with pytest.raises(SimulatorError, match="seconds"):
        caller.simulator.carrier.delay(msgid, 10**9)


@pytest.mark.parametrize(("do", "ends"), [("answer", "ANSWERED"), ("decline", "NO ANSWER"), ("ignore", "NO ANSWER")])
def test_a_phone_that_rings_can_be_answered(caller: Caller, do: str, ends: str) -> None:
    """A held call rings until it is answered, declined or ignored, once."""
    carrier = caller.simulator.carrier
    carrier.add_rule("", "hold", kind="call")
    callid = caller.place()
    caller.step(30)
    assert caller.call(callid)["status"] == "IN PROGRESS"
    assert [found.ident for found in carrier.held()] == [callid]
    getattr(carrier, do)(callid)
    caller.step(20)
    assert caller.call(callid)["status"] == ends
    with pytest.raises(SimulatorError, match="no such call that rings"):
        getattr(carrier, do)(callid)


def test_a_held_call_rings_a_minute_at_most(caller: Caller) -> None:
    """No call rings for ever: after a minute it ends unanswered, whatever the seconds of the rule."""
    for seconds in (0, 5):
        caller.simulator.carrier.add_rule("+81", "hold", kind="call", seconds=seconds)
        callid = caller.place()
        caller.step(59)
        assert caller.call(callid)["status"] == "IN PROGRESS"
        caller.step(2)
        assert caller.call(callid)["status"] == "NO ANSWER"


@pytest.mark.parametrize(
    ("outcome", "ends"), [("answer", "ANSWERED"), ("decline", "NO ANSWER"), ("ignore", "NO ANSWER"), ("fail", "FAILED")]
)
def test_a_rule_decides_what_becomes_of_calls(caller: Caller, outcome: str, ends: str) -> None:
    """Calls to the numbers of a rule are answered, declined, ignored or failed by themselves."""
    caller.simulator.carrier.add_rule("+8180", outcome, kind="call", seconds=2)
    callid = caller.place()
    caller.step(2.5)
    assert caller.call(callid)["status"] == "IN PROGRESS"
    caller.step(20)
    assert caller.call(callid)["status"] == ends


def test_hanging_up_ends_a_talk(caller: Caller) -> None:
    """A call in progress can be hung up; another one cannot."""
    callid = caller.place()
    with pytest.raises(SimulatorError, match="no such call is in progress"):
        caller.simulator.carrier.hang_up(callid)
    caller.step(2)
    caller.simulator.carrier.hang_up(callid)
    ended = caller.call(callid)
    assert (ended["status"], ended["duration"]) == ("ANSWERED", 1)
    assert [step["name"] for step in caller.simulator.find_call(callid).steps][-2:] == ["hung up", "ended"]
    for wrong in (callid, "unheardOf"):
        with pytest.raises(SimulatorError, match="no such call is in progress"):
            caller.simulator.carrier.hang_up(wrong)


def test_a_transfer_can_be_answered(caller: Caller, listener: Listener) -> None:
    """A phone to which a call is transferred rings, and can be answered like any other."""
    caller.simulator.carrier.add_rule(OTHER, "hold", kind="call")
    with caller.simulator:
        line = caller.subscribe(action_url=listener.url)
        listener.answers = [(200, f"transfer {OTHER}".encode())]
        call = caller.simulator.incoming_call(line["din"], NUMBER)
        caller.simulator.advance(1)
        caller.simulator.carrier.answer(call.callid)
        caller.simulator.advance(10)
    ended = caller.simulator.find_call(call.callid)
    assert [step["name"] for step in ended.steps][-3:] == ["transfer", "connected", "ended"]
    assert ended.status == "ANSWERED"
    assert ended.steps[2]["text"] == f"transfer {OTHER}"


def test_rules_senders_and_rights_outlive_the_process(tmp_path) -> None:
    """What the desks decided is kept in the database: rules, held messages, delays, senders, rights, replies."""
    caller = Caller(database=tmp_path / "state.db", legacy_sin=True, verified=False)
    carrier, office = caller.simulator.carrier, caller.simulator.office
    rule = carrier.add_rule(NUMBER, "hold")
    held = caller.send(recipient=NUMBER)
    late = caller.send(recipient=OTHER)
    caller.step(0.5)
    carrier.delay(late, 100)
    office.register_sender("0312341234")
    office.verify("sid")
    sin = caller.get("/sms/sins/")[1][0]
    assert caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})[0] == 201
    reply = caller.simulator.phone(OTHER).reply(sin["sin"], "はい")
    caller.restart()
    carrier, office = caller.simulator.carrier, caller.simulator.office
    assert carrier.rules == (rule,)
    assert [found.ident for found in carrier.held()] == [held]
    assert office.senders == ("0312341234",)
    assert office.accounts()[0].verified
    assert caller.simulator.phone(OTHER).sent == (reply,)
    caller.step(99)
    assert status(caller, late) == "DELIVERING"
    caller.step(1)
    assert status(caller, late) == "DELIVERED"
    assert [one.number for one in caller.simulator.phones().items] == [OTHER, NUMBER]
    assert caller.simulator.timeline(held).entries[0].name == "request"
    newer = caller.send(recipient=NUMBER)
    assert caller.simulator.search().items[0].ident == newer
    caller.simulator.close()


def test_credits_are_bought(caller: Caller) -> None:
    """Credits that are added can be spent; before an account was ever charged, its token tells it from others."""
    office = caller.simulator.office
    with pytest.raises(SimulatorError, match="give its token"):
        office.add_credits("sid", 50)
    assert office.add_credits("sid", 50, token="token").credits == 100_050
    assert office.add_credits("sid", 0.5).credits == 100_050.5
    assert caller.credits() == 100_050.5
    [account] = office.accounts()
    assert (account.sid, account.bought, account.messages, account.calls) == ("sid", True, 0, 0)
    for amount in (0, -1, float("nan"), "x", None, 10**13):
        with pytest.raises(SimulatorError, match="amount"):
            office.add_credits("sid", amount)


def test_the_only_account_needs_no_token() -> None:
    """Where one pair alone is admitted, its SID is enough, and no other account can be made up."""
    caller = Caller(sid="sid", token="token", credits=0)
    office = caller.simulator.office
    assert office.add_credits("sid", 10).credits == 10
    for wrong in ({"sid": "other", "token": "token"}, {"sid": "sid", "token": "other"}):
        with pytest.raises(SimulatorError, match="no such account"):
            office.add_credits(wrong["sid"], 10, token=wrong["token"])


def test_an_account_with_bought_credits_sends_free_form_texts() -> None:
    """The fixed text of a test account ends with its first purchase (API section 15.27)."""
    caller = Caller(test_text=True)
    caller.send(message="my words")
    caller.simulator.office.add_credits("sid", 1)
    caller.send(message="my words")
    first, second = caller.simulator.phone("+818012345678").inbox
    assert first.text != "my words"
    assert second.text == "my words"


def test_an_account_is_verified(caller: Caller) -> None:
    """Rights that are given or taken go before the settings, for this account alone."""
    office = caller.simulator.office
    din = caller.get("/voice/dins/")[1][0]["din_uid"]
    office.verify("sid", False, token="token")
    assert caller.post("/voice/dins/subscriptions/", {"din_uid": din})[0] == 403
    assert office.verify("sid", True).verified
    assert caller.post("/voice/dins/subscriptions/", {"din_uid": din})[0] == 201
    assert not office.allow_free_form("sid", False).free_form
    assert caller.post("/sms/messages/", {"message": "a", "recipient": NUMBER, "sender": "b"})[0] == 403
    assert office.allow_free_form("sid").free_form
    caller.send()


def test_a_k_premium_sender_is_registered() -> None:
    """A sender that Xoxzo has registered may be used from then on; with no list in the settings any may."""
    caller = Caller(k_premium_senders=frozenset({"1"}))
    office = caller.simulator.office
    premium = {"jp_kp": "true", "jp_kp_sender": "0312341234", "recipient": NUMBER, "message": "a", "sender": "b"}
    assert caller.post("/sms/messages/", premium)[0] == 400
    office.register_sender("0312341234")
    office.register_sender("0312341234")
    assert caller.post("/sms/messages/", premium)[0] == 201
    assert office.senders == ("0312341234", "1")
    assert not office.any_sender
    assert Caller().simulator.office.any_sender
    with pytest.raises(SimulatorError, match="1 to 15 digits"):
        office.register_sender("Shop")


def test_a_phone_writes_to_a_receiving_number(listener: Listener) -> None:
    """A reply is charged and posted to the action URL of the number, and shown in the phone's thread."""
    caller = Caller(legacy_sin=True)
    sin = caller.get("/sms/sins/")[1][0]
    with caller.simulator:
        phone = caller.simulator.phone(NUMBER)
        with pytest.raises(SimulatorError, match="not subscribed"):
            phone.reply(sin["sin"], "はい")
        caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})
        before = caller.credits()
        assert phone.reply(sin["sin"], "はい").status == "NO ACTION URL"
        caller.post(f"/sms/sins/subscriptions/{sin['sin_uid']}/", {"action_url": listener.url})
        reply = phone.reply(f"+{sin['sin']}", "行きます")
        caller.simulator.advance(0)
    assert reply.status == "RECEIVED"
    assert before - caller.credits() == sin["message_cost"]
    [(method, _, _, body)] = listener.requests
    assert method == "POST"
    assert body.startswith(b"sender=%2B818012345678&recipient=8150")
    assert [found.kind for found in phone.thread().items] == ["reply", "reply"]
    names = [entry.name for entry in caller.simulator.timeline(reply.ident).entries]
    assert names == ["status", "callback"]
    assert caller.simulator.search("kind:reply").items[0].text == "行きます"


def test_a_reply_without_credits(listener: Listener) -> None:
    """Without credits a reply is not delivered; without a text or a number it is refused."""
    caller = Caller(legacy_sin=True, credits=2_000)
    sin = caller.get("/sms/sins/")[1][0]
    caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})
    caller.post(f"/sms/sins/subscriptions/{sin['sin_uid']}/", {"action_url": listener.url})
    assert caller.simulator.phone(NUMBER).reply(sin["sin"], "a").status == "NO CREDITS"
    for text in ("", "a" * 661, "a\ud800"):
        with pytest.raises(SimulatorError, match="1 to 660"):
            caller.simulator.phone(NUMBER).reply(sin["sin"], text)
    with pytest.raises(SimulatorError, match=r"E\.164"):
        caller.simulator.phone("nobody").reply(sin["sin"], "a")


def test_the_oldest_replies_are_forgotten() -> None:
    """No more replies are kept than messages may be, and a phone is forgotten with its last one."""
    caller = Caller(legacy_sin=True, max_messages=2)
    sin = caller.get("/sms/sins/")[1][0]
    caller.post("/sms/sins/subscriptions/", {"sin_uid": sin["sin_uid"]})
    caller.simulator.phone(OTHER).reply(sin["sin"], "a")
    for text in "bcd":
        caller.simulator.phone(NUMBER).reply(sin["sin"], text)
    assert [found.text for found in caller.simulator.search().items] == ["d", "c"]
    assert [phone.number for phone in caller.simulator.phones().items] == [NUMBER]


def test_dialling_from_a_phone(caller: Caller) -> None:
    """A phone dials with its number or without."""
    line = caller.subscribe()
    phone = caller.simulator.phone(NUMBER)
    assert phone.dial(line["din"]).caller == NUMBER
    assert phone.dial(line["din"], anonymous=True).caller is None
    assert [one.number for one in caller.simulator.phones().items] == [NUMBER]  # the dialled number is no phone


def test_a_callback_is_resent(caller: Caller, listener: Listener) -> None:
    """What was delivered is posted once more; what waits for its next try is posted now, and then no more."""
    with caller.simulator:
        msgid = caller.send(callbackurl=listener.url)
        with pytest.raises(SimulatorError, match="no callback"):
            caller.simulator.resend_callback(msgid)
        listener.answers = [(500, b"")]
        caller.simulator.advance(1.5)
        assert len(listener.requests) == 1
        assert caller.simulator.timeline(msgid).next_try is not None
        caller.simulator.resend_callback(msgid)
        caller.simulator.advance(0)
        assert len(listener.requests) == 2
        caller.simulator.advance(60)
        assert len(listener.requests) == 2
        listener.answers = [(500, b"no")]
        caller.simulator.resend_callback(msgid)
        caller.simulator.advance(600)
    assert len(listener.requests) == 3
    assert len({request[3] for request in listener.requests}) == 1
    tries = [entry.facts for entry in caller.simulator.timeline(msgid).entries if entry.name == "callback"]
    assert [(one["attempt"], one["status"], one["outcome"]) for one in tries] == [
        (1, 500, "will retry"),
        (2, 200, "delivered"),
        (3, 500, "gave up"),
    ]
    assert tries[2]["answer"] == "no"
    assert tries[0]["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Content-Length" in tries[0]["answer_headers"]
