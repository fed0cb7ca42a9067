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
        self._try(_Delivery(kind, ident, url, body, content_type), 1)

    def _try(self, delivery: "_Delivery", attempt: int) -> None:
        self._world.send(
            Outgoing(
                "POST",
                delivery.url,
                lambda answer: self._answered(delivery, attempt, answer),
                delivery.body,
                delivery.content_type,
            ),
        )

    def _answered(self, delivery: "_Delivery", attempt: int, answer: Answer) -> None:
        settings = self._world.settings
        outcome: Outcome
        if answer.status == 200:
            outcome = "delivered"
        elif answer.refused:
            outcome = "refused"
        elif attempt >= settings.callback_tries:
            outcome = "gave up"
        else:
            outcome = "will retry"
            wait = min(2.0 ** (attempt - 1), settings.callback_longest_wait)
            self._world.after(wait, lambda: self._try(delivery, attempt + 1))
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
        self.log.append(record)
        self._world.tell(
            "callback",
            delivery.ident,
            outcome=outcome,
            attempt=attempt,
            status=answer.status,
            error=answer.error,
        )


@dataclass(frozen=True, slots=True)
class _Delivery:
    kind: CallbackKind
    ident: str
    url: str
    body: bytes
    content_type: str


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
