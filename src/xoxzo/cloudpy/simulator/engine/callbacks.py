"""Delivery reports: what is posted to a `callbackurl`, how often, and what came of it (API sections 10, 15.60-63)."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from .world import Answer, Outgoing, World

CallbackKind = Literal["sms", "call", "conference", "click"]
Outcome = Literal["delivered", "will retry", "gave up", "refused"]


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """One try to deliver a callback."""

    kind: CallbackKind
    ident: str
    """The msgid, callid or conferenceid."""
    url: str
    attempt: int
    at: float
    """When it ended, seconds since 1970 on the simulator's clock."""
    status: int | None
    error: str | None
    outcome: Outcome


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """A callback that was not answered with 200 yet."""

    kind: CallbackKind
    ident: str
    url: str
    body: bytes
    content_type: str
    due: float
    """When the next try begins, or the one that is under way began."""
    attempt: int = 1
    """Which one that is."""


class CallbackDesk:
    """Posts callbacks until they are answered with exactly 200, and keeps the log of all tries."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.log: deque[CallbackAttempt] = deque(maxlen=world.settings.max_callbacks)

    def post(self, kind: CallbackKind, ident: str, url: str, fields: Mapping[str, object]) -> None:
        """Begin to deliver a callback."""
        if self._world.settings.callback_format == "json":
            body, content_type = json.dumps(fields, ensure_ascii=False).encode(), "application/json"
        else:
            body, content_type = urlencode(_flat(fields)).encode(), "application/x-www-form-urlencoded"
        delivery = Delivery(
            kind=kind,
            ident=ident,
            url=url,
            body=body,
            content_type=content_type,
            due=self._world.now(),
        )
        self._world.touch(delivery)
        self._try(delivery)

    def restore(self, delivery: Delivery) -> None:
        """Take back a delivery that was saved; a try that was under way is made again."""
        self._world.at(delivery.due, lambda: self._try(delivery))

    def note(self, attempt: CallbackAttempt) -> None:
        """Put a try into the log, new or saved; the oldest is forgotten when there are too many."""
        if len(self.log) == self.log.maxlen and self.log:
            self._world.forget(self.log[0])
        self.log.append(attempt)

    def _try(self, delivery: Delivery) -> None:
        fault = self._world.callback_fault()
        if fault is None:
            self._post(delivery)
            return
        self._world.tell("fault", delivery.ident, what=fault.kind)
        if fault.kind == "callback_lost":
            self._answered(delivery, Answer(200))
        elif fault.kind == "callback_late":
            delivery.due = self._world.now() + fault.seconds
            self._world.touch(delivery)
            self._world.at(delivery.due, lambda: self._post(delivery))
        else:
            self._post(delivery)
            again = Outgoing("POST", delivery.url, _ignore, delivery.body, delivery.content_type)
            self._world.send(again)

    def _post(self, delivery: Delivery) -> None:
        self._world.send(
            Outgoing(
                "POST",
                delivery.url,
                lambda answer: self._answered(delivery, answer),
                delivery.body,
                delivery.content_type,
            ),
        )

    def _answered(self, delivery: Delivery, answer: Answer) -> None:
        settings, attempt = self._world.settings, delivery.attempt
        outcome: Outcome
        if answer.status == 200:
            outcome = "delivered"
        elif answer.refused:
            outcome = "refused"
        elif attempt >= settings.callback_tries:
            outcome = "gave up"
        else:
            outcome = "will retry"
            delivery.attempt += 1
            delivery.due = self._world.now() + min(2.0 ** (attempt - 1), settings.callback_longest_wait)
            self._world.touch(delivery)
            self._world.at(delivery.due, lambda: self._try(delivery))
        if outcome != "will retry":
            self._world.forget(delivery)
        record = CallbackAttempt(
            delivery.kind,
            delivery.ident,
            delivery.url,
            attempt,
            self._world.now(),
            answer.status,
            answer.error,
            outcome,
        )
        self._world.touch(record)
        self.note(record)
        self._world.tell(
            "callback",
            delivery.ident,
            outcome=outcome,
            attempt=attempt,
            status=answer.status,
            error=answer.error,
        )


def _ignore(_answer: Answer) -> None:
    """The second of two: the first one's answer counts."""


def _flat(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: _flat_value(value) for name, value in fields.items()}


def _flat_value(value: object) -> object:
    # A form has no lists and no null: tags are joined as they were sent, what is unset is empty, and a list of
    # objects (a conference's participants) is the text of its JSON.
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return ",".join(value)
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
