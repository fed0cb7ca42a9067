"""Calls: those that the API places (API section 5.1), and what they share with incoming ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from xoxzo.cloudpy.simulator.clock import stamp
from xoxzo.cloudpy.simulator.numbers import bare
from xoxzo.cloudpy.simulator.prices import as_json, exact, for_number

from .accounts import Account, Accounts, NotEnoughCredits
from .callbacks import CallbackDesk
from .world import World

CallStatus = Literal["IN PROGRESS", "ANSWERED", "NO ANSWER", "FAILED"]

# A further minute is billed once it has begun: a talk of exactly 60 seconds is one minute.
_MINUTE = 60.001


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened on a call."""

    at: float
    name: str
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A checked request to call (API section 5.1). Exactly one of `recording_url` and `tts_message` is given."""

    caller: str
    recipient: str
    recording_url: str | None = None
    tts_message: str | None = None
    tts_lang: str | None = None
    callback_url: str | None = None
    tags: tuple[str, ...] = ()
    din_caller: bool = False
    base_url: str = "http://localhost"


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call, outbound or inbound."""

    callid: str
    account: Account = field(repr=False)
    caller: str
    recipient: str
    call_type: Literal["simple/playbacks", "simple/conferences", "din"]
    direction: Literal["outbound", "inbound"]
    minute_price: Decimal
    started: float
    tags: tuple[str, ...] = ()
    callback_url: str | None = None
    base_url: str = "http://localhost"
    conferenceid: str = ""
    """The conference that it belongs to, or an empty text."""
    ended: float | None = None
    duration: int = 0
    charged: Decimal = Decimal(0)
    status: CallStatus = "IN PROGRESS"
    steps: list[Step] = field(default_factory=list)
    answered_at: float | None = None

    def view(self, base_url: str) -> dict[str, object]:
        """Return it as the API shows it (API sections 5.2 and 15.43)."""
        return {
            "callid": self.callid,
            "url": f"{base_url}/voice/calls/{self.callid}/",
            "call_type": self.call_type,
            "direction": self.direction,
            "caller": bare(self.caller),
            "recipient": self.recipient,
            "status": self.status,
            "start_time": stamp(self.started),
            "end_time": None if self.ended is None else stamp(self.ended),
            "duration": self.duration,
            "cost": 0 if self.ended is None else as_json(self.charged),
            "tags": list(self.tags),
        }


class CallDesk:
    """Keeps all calls, places those of the API and bills talk by started minutes (API section 1.7)."""

    def __init__(self, world: World, accounts: Accounts, callbacks: CallbackDesk) -> None:
        self._world = world
        self._accounts = accounts
        self._callbacks = callbacks
        self.calls: dict[str, Call] = {}
        self.by_phone: dict[str, dict[str, Call]] = {}
        self._ended: Callable[[Call], None] = lambda _call: None

    def on_end(self, ended: Callable[[Call], None]) -> None:
        """Have `ended` called for each call that ends, once it stands as it will stay."""
        self._ended = ended

    def place(self, account: Account, request: CallRequest) -> Call:
        """Accept a call and take its first minute, answered or not.

        Raises:
            NotEnoughCredits: The balance is below the minimum for any call, or below this one's cost.
        """
        settings = self._world.settings
        price = for_number(settings.voice_prices, request.recipient)
        if request.din_caller and request.recipient.startswith("+81"):
            price = exact(settings.din_caller_price)
        cost = price + (exact(settings.tts_surcharge) if request.tts_message is not None else 0)
        self._accounts.charge(account, cost, needs=exact(settings.voice_minimum))
        call = Call(
            callid=self._world.callid(),
            account=account,
            caller=request.caller,
            recipient=request.recipient,
            call_type="simple/playbacks",
            direction="outbound",
            minute_price=price,
            started=self._world.now(),
            tags=request.tags,
            callback_url=request.callback_url,
            base_url=request.base_url,
            charged=cost,
        )
        self.keep(call)
        self.step(call, "ringing")
        self.ring(call, lambda: self._talk(call, request))
        return call

    def talk_seconds(self, text: str) -> float:
        """Return how long a text is spoken."""
        return max(1.0, len(text) / self._world.settings.tts_characters_per_second)

    def step(self, call: Call, name: str, *, content: str | None = None, **facts: object) -> None:
        """Note and tell that something happened on a call; `content` is kept, but told apart."""
        kept = facts if content is None else {**facts, "text": content}
        call.steps.append(Step(self._world.now(), name, kept))
        numbers = {"from": call.caller, "to": call.recipient}
        self._world.tell("call", call.callid, numbers=numbers, content=content, step=name, **facts)

    def answer(self, call: Call) -> None:
        """Begin to talk, and charge each further minute when it starts."""
        call.answered_at = self._world.now()
        self.step(call, "answered")
        self._world.after(_MINUTE, lambda: self._next_minute(call))

    def end(self, call: Call, status: CallStatus) -> None:
        """End a call that has not ended yet, and report it (API section 10)."""
        if call.ended is not None:
            return
        call.ended = self._world.now()
        call.status = status
        if call.answered_at is not None:
            # Rounded first: moments are floats, and 2.9999999 s of talk are three seconds.
            call.duration = -int(-round(call.ended - call.answered_at, 3) // 1)
        self.step(call, "ended", status=status, duration=call.duration, cost=as_json(call.charged))
        if call.callback_url:
            self._callbacks.post("call", call.callid, call.callback_url, call.view(call.base_url))
        self._ended(call)

    def ring(self, call: Call, answered: Callable[[], None]) -> None:
        """Let a phone ring; what is `answered` happens unless the number has a fate of its own."""
        settings = self._world.settings
        if call.recipient in settings.stuck_numbers:
            return
        if call.recipient in settings.no_answer_numbers:
            self._world.after(settings.no_answer_seconds, lambda: self.end(call, "NO ANSWER"))
        elif call.recipient in settings.fail_numbers:
            self._world.after(settings.ring_seconds, lambda: self.end(call, "FAILED"))
        else:
            self._world.after(settings.ring_seconds, answered)

    def _talk(self, call: Call, request: CallRequest) -> None:
        self.answer(call)
        if request.tts_message is not None:
            self.step(call, "say", lang=request.tts_lang, content=request.tts_message)
            seconds = self.talk_seconds(request.tts_message)
        else:
            self.step(call, "playback", url=request.recording_url)
            seconds = self._world.settings.recording_seconds
        self._world.after(seconds, lambda: self.end(call, "ANSWERED"))

    def _next_minute(self, call: Call) -> None:
        if call.ended is not None:
            return
        try:
            self._accounts.charge(call.account, call.minute_price)
        except NotEnoughCredits:
            self.step(call, "out of credits")
            self.end(call, "ANSWERED")
            return
        call.charged += call.minute_price
        self._world.after(_MINUTE, lambda: self._next_minute(call))

    def keep(self, call: Call) -> None:
        """Keep a call, and forget the oldest when there are too many."""
        self.calls[call.callid] = call
        call.account.calls[call.callid] = call
        self.attach(call.recipient, call)
        if len(self.calls) > self._world.settings.max_calls:
            self._forget(self.calls.pop(next(iter(self.calls))))

    def attach(self, number: str, call: Call) -> None:
        """Show a call on a phone that it reached."""
        self.by_phone.setdefault(number, {})[call.callid] = call

    def _forget(self, call: Call) -> None:
        call.account.calls.pop(call.callid, None)
        reached = {
            call.caller,
            call.recipient,
            *(str(step.facts["number"]) for step in call.steps if step.name == "transfer"),
        }
        for number in reached:
            inbox = self.by_phone.get(number, {})
            inbox.pop(call.callid, None)
            if not inbox:
                self.by_phone.pop(number, None)
