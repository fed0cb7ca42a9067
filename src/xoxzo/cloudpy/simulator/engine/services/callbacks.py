"""Delivery reports: what is posted to a `callbackurl`, how often, and with what result (API sections 10, 15.60-63)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

from xoxzo.cloudpy.simulator.engine.context import EngineContext, OutboundRequest, OutboundResult
from xoxzo.cloudpy.simulator.engine.outcome_rules import OutcomeRules
from xoxzo.cloudpy.simulator.engine.records import traffic
from xoxzo.cloudpy.simulator.engine.services.accounts import AccountService

_MAX_RESPONSE_BYTES = 2_048


class CallbackService:
    """Posts callbacks until they are answered with exactly 200, and keeps the log of all tries."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.log: deque[traffic.CallbackAttempt] = deque(maxlen=context.settings.max_callbacks)
        self.pending: dict[tuple[traffic.CallbackKind, str], traffic.CallbackDelivery] = {}
        """Those that are not delivered yet."""

    def post(self, kind: traffic.CallbackKind, ident: str, url: str, fields: Mapping[str, object]) -> None:
        """Begin to deliver a callback."""
        if self._context.settings.callback_format == "json":
            body, content_type = json.dumps(fields, ensure_ascii=False).encode(), "application/json"
        else:
            body = urlencode({name: _flat(value) for name, value in fields.items()}).encode()
            content_type = "application/x-www-form-urlencoded"
        self._begin(traffic.CallbackDelivery(kind, ident, url, body, content_type, self._context.now()))

    def again(self, ident: str) -> bool:
        """Post what waits for its next try at once, else the last ones again, once; return whether there is any."""
        waiting = [delivery for delivery in self.pending.values() if delivery.ident == ident]
        for delivery in waiting:
            if not delivery.under_way:
                self._wait(delivery, 0.0)
        last = {} if waiting else {attempt.kind: attempt for attempt in self.of(ident)}
        for kind, one in last.items():
            posted = kind, ident, one.url, one.body.encode(), one.content_type
            self._begin(traffic.CallbackDelivery(*posted, self._context.now(), one.attempt + 1, repeated=True))
        return bool(waiting or last)

    def of(self, ident: str) -> list[traffic.CallbackAttempt]:
        """Return all tries that concern a message or call, the oldest first."""
        return [attempt for attempt in self.log if attempt.ident == ident]

    def next_try(self, ident: str | None = None) -> float | None:
        """Return when the next try is due, of all or of those that concern a message or call; or ``None``."""
        waits = (one.due for one in self.pending.values() if ident in {None, one.ident} and not one.under_way)
        return min(waits, default=None)

    def restore(self, delivery: traffic.CallbackDelivery) -> None:
        """Take back a delivery that was saved; a try that was under way is made again."""
        self.pending[delivery.kind, delivery.ident] = delivery
        self._wait(delivery, delivery.due - self._context.now())

    def _begin(self, delivery: traffic.CallbackDelivery) -> None:
        self.pending[delivery.kind, delivery.ident] = delivery
        self._context.mark_changed(delivery)
        self._try(delivery)

    def _wait(self, delivery: traffic.CallbackDelivery, seconds: float) -> None:
        due = delivery.due = self._context.now() + seconds
        self._context.mark_changed(delivery)

        def fall_due() -> None:
            if delivery.due == due and not delivery.under_way:  # it may have been posted by a command since
                self._try(delivery)

        self._context.at(due, fall_due)

    def note(self, attempt: traffic.CallbackAttempt) -> None:
        """Log an attempt, new or loaded; over the limit, the oldest is deleted."""
        if len(self.log) == self.log.maxlen and self.log:
            self._context.mark_deleted(self.log[0])
        self.log.append(attempt)

    def delete_before(self, moment: float) -> None:
        """Delete attempts that ended before a moment."""
        while self.log and self.log[0].at < moment:
            self._context.mark_deleted(self.log.popleft())

    def _try(self, delivery: traffic.CallbackDelivery) -> None:
        delivery.under_way = True
        fault = self._context.callback_fault()
        if fault is None:
            self._post(delivery)
            return
        kind, seconds = fault
        self._context.publish("fault", delivery.ident, what=kind)
        if kind == "callback_lost":
            self._answered(delivery, OutboundResult(200))
        elif kind == "callback_late":
            delivery.due = self._context.now() + seconds
            self._context.mark_changed(delivery)
            self._context.at(delivery.due, lambda: self._post(delivery))
        else:
            self._post(delivery)
            self._post(delivery, lambda _answer: None)  # the answer to the first of the two counts

    def _post(
        self, delivery: traffic.CallbackDelivery, answered: Callable[[OutboundResult], None] | None = None
    ) -> None:
        on_result = answered or partial(self._answered, delivery)
        self._context.send(OutboundRequest("POST", delivery.url, on_result, delivery.body, delivery.content_type))

    def _answered(self, delivery: traffic.CallbackDelivery, answer: OutboundResult) -> None:
        settings, attempt = self._context.settings, delivery.attempt
        delivery.under_way = False
        outcome: traffic.CallbackOutcome
        if answer.status == 200:
            outcome = "delivered"
        elif answer.refused:
            outcome = "refused"
        elif delivery.repeated or attempt >= settings.callback_tries:
            outcome = "gave up"
        else:
            outcome = "will retry"
            delivery.attempt += 1
            self._wait(delivery, min(2.0 ** (attempt - 1), settings.callback_longest_wait))
        if outcome != "will retry":
            # A later one of the same message, such as one that was posted again, may have taken its place.
            if self.pending.get((delivery.kind, delivery.ident)) is delivery:
                del self.pending[delivery.kind, delivery.ident]
            self._context.mark_deleted(delivery)
        about = delivery.kind, delivery.ident, delivery.url, attempt, self._context.now()
        posted = delivery.content_type, delivery.body.decode()
        text = answer.body[:_MAX_RESPONSE_BYTES].decode("utf-8", "replace")
        record = traffic.CallbackAttempt(*about, answer.status, answer.error, outcome, *posted, text, answer.headers)
        self._context.mark_changed(record)
        self.note(record)
        minute = self._context.minute(record.at)
        if outcome == "delivered":
            minute.callbacks_ok += 1
        else:
            minute.callbacks_failed += 1
        self._context.publish(
            "callback", delivery.ident, outcome=outcome, attempt=attempt, status=answer.status, error=answer.error
        )


def _flat(value: object) -> object:
    # A form has no lists and no null: tags are joined as they were sent, what is unset is empty, and a list of
    # objects (a conference's participants) is the text of its JSON.
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return ",".join(value)
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


Shared = tuple[EngineContext, AccountService, CallbackService, OutcomeRules]
"""What the services of SMS and of calls share."""
