"""Select and claim the next notification attempts by all rules: escalation, quiet hours, limits, one call at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

import msgspec

from xoxzo.cloudpy.integrations.alertmanager import acknowledgement, escalation, message_text
from xoxzo.cloudpy.integrations.alertmanager.config.settings import EscalationPolicy, Method, Settings, SpendLimit, Step
from xoxzo.cloudpy.integrations.alertmanager.config.toml_values import Seconds, TextList
from xoxzo.cloudpy.integrations.alertmanager.event_log import EventLog
from xoxzo.cloudpy.integrations.alertmanager.incidents import IN_FLIGHT, Incident, Kind, NotificationAttempt, Phase
from xoxzo.cloudpy.integrations.alertmanager.message_text import Rendered
from xoxzo.cloudpy.integrations.alertmanager.store import HOUR_SECONDS, Store

Claimed = list[tuple[NotificationAttempt, Rendered | None]]

_BUSY_LINE_SECONDS = 5.0


class NextStep:
    """Selects the next attempts of an incident and claims them in the store; `clock` returns seconds since 1970."""

    def __init__(self, settings: Settings, store: Store, log: EventLog, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._store = store
        self._log = log
        self._clock = clock
        self.ringing: set[str] = set()
        """The names of the people whose phones ring now; the receiver updates it."""

    def claim(self, ident: str) -> Claimed | float | None:
        """Claim the next attempts of an incident on disk, and return them with their content.

        One without content was claimed by a receiver that died meanwhile. If none can be made now, return the time at
        which to call this again, or ``None`` if nothing is left to do.
        """
        now = self._clock()
        with self._store.transaction() as store:
            incident = store.incident(ident)
            if incident is None:
                return None
            policy = self.policy(incident)
            attempts = [attempt for attempt in store.attempts(ident) if attempt.person in self._settings.people]
            if interrupted := [attempt for attempt in attempts if attempt.outcome in IN_FLIGHT]:
                first = interrupted[0]
                return [(one, None) for one in interrupted if (one.run, one.kind) == (first.run, first.kind)]
            quiet_until = partial(self._settings.quiet_until, policy, incident.alerts, now=now)
            selected = escalation.next_attempts(incident, policy, attempts, quiet_until, now)
            if isinstance(selected, tuple):
                return self._claim(incident, selected, now)
            if selected is None and incident.phase is Phase.RESOLVED:
                store.save(msgspec.structs.replace(incident, phase=Phase.CLOSED))
            return selected

    def policy(self, incident: Incident) -> EscalationPolicy:
        """Return the policy of an incident. If the file no longer has it, the routes select another one."""
        policies, name = self._settings.policies, incident.policy
        method, _, person = name.partition(":")
        if name not in policies and person in self._settings.people:
            page: Method = "call" if method == "call" else "sms"
            return EscalationPolicy(steps=(Step(to=TextList([person]), method=page, wait=Seconds(0), repeats=0),))
        if name not in policies:
            name = self._settings.select_policy(incident.alerts) or next(iter(policies))
        return msgspec.structs.replace(policies[name], quiet=None) if incident.urgent else policies[name]

    def _claim(self, incident: Incident, attempts: Sequence[NotificationAttempt], now: float) -> Claimed | float:
        if any(attempt.kind is Kind.CALL and attempt.person in self.ringing for attempt in attempts):
            # A second call would find the line busy, and count as unanswered.
            return now + _BUSY_LINE_SECONDS
        contents = [self._render(incident, attempt) for attempt in attempts]
        costs = [self._cost(attempt, content) for attempt, content in zip(attempts, contents, strict=True)]
        until = blocked_until(self._settings.spend_limit, self._store.recent_costs(now), costs)
        if until is not None:
            self._log.write("spend-limit-reached", incident=incident.ident, seconds=round(until - now))
            return until
        for attempt, cost in zip(attempts, costs, strict=True):
            self._store.claim(attempt, cost)
        return list(zip(attempts, contents, strict=True))

    def _render(self, incident: Incident, attempt: NotificationAttempt) -> Rendered:
        if attempt.kind is Kind.CALL:
            return message_text.render_call(self._settings, incident)
        link = acknowledgement.link(self._settings, incident, attempt.person)
        return message_text.render_sms(self._settings, incident, resolved=attempt.kind is Kind.RESOLVED, link=link)

    def _cost(self, attempt: NotificationAttempt, content: Rendered) -> Decimal:
        limit, country = self._settings.spend_limit, self._settings.people[attempt.person].country
        if attempt.kind is Kind.CALL:
            return limit.call_price or Decimal(0)
        if content.template is not None:
            # The text of the template is not known here.
            return limit.parts_cost(self._settings.texts.max_parts, country)
        return limit.message_cost(content.message, country)


def blocked_until(limit: SpendLimit, recent: Sequence[tuple[float, Decimal]], costs: Sequence[Decimal]) -> float | None:
    """Return the time until which something of these costs has to wait, or ``None`` if it may be sent now.

    `recent` is what was sent in the last hour, oldest first. One step always fits: the loading of the settings checks.
    """
    blocked = None
    counted = list(recent)
    while counted:
        total = sum((cost for _, cost in counted), sum(costs))
        if len(counted) + len(costs) <= limit.messages and (limit.credits is None or total <= limit.credits):
            break
        at, _ = counted.pop(0)
        blocked = at + HOUR_SECONDS
    return blocked
