"""What goes out next, by all rules together: the escalation's, quiet hours, the brake, and one call at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from xoxzo.cloudpy.integrations.alertmanager import braking, escalation, routing, wording
from xoxzo.cloudpy.integrations.alertmanager.records import UNDER_WAY, Kind, Phase
from xoxzo.cloudpy.integrations.alertmanager.wording import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from xoxzo.cloudpy.integrations.alertmanager.records import Deed, Incident
    from xoxzo.cloudpy.integrations.alertmanager.settings import Plan, Settings
    from xoxzo.cloudpy.integrations.alertmanager.store import Store
    from xoxzo.cloudpy.integrations.alertmanager.telling import Teller

    Todo = list[tuple[Deed, Said | None]]

_ENGAGED = 5.0


class Decider:
    """Decides, and claims what it has decided on.

    Args:
        settings: what the file says.
        store: what is remembered.
        teller: is told what is held back.
        clock: the time, in seconds since 1970.

    Attributes:
        called: the names of those whose phones ring; whoever calls keeps it.
    """

    def __init__(self, settings: Settings, store: Store, teller: Teller, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._store = store
        self._teller = teller
        self._clock = clock
        self.called: set[str] = set()

    def decide(self, ident: str) -> Todo | float | None:
        """Claim what is to go out for an incident; it is on disk when this returns.

        Returns:
            What is to go out now, with what it says; or the time at which to ask again; or ``None`` when there is
            nothing more to do. What has no words was claimed by a receiver that did not live to see its end.
        """
        now = self._clock()
        with self._store.transaction() as store:
            incident = store.incident(ident)
            if incident is None:
                return None
            plan = self.plan(incident)
            deeds = [deed for deed in store.deeds(ident) if deed.person in self._settings.people]
            if interrupted := [deed for deed in deeds if deed.outcome in UNDER_WAY]:
                first = interrupted[0]
                return [(deed, None) for deed in interrupted if (deed.run, deed.kind) == (first.run, first.kind)]
            found = escalation.upcoming(
                incident,
                plan,
                deeds,
                lambda person: routing.asleep(self._settings, plan, incident.alerts, person, now),
                now,
            )
            if not isinstance(found, tuple):
                if found is None and incident.phase is Phase.RESOLVED:
                    store.put(msgspec.structs.replace(incident, phase=Phase.CLOSED))
                return found
            return self._claim(incident, found, now)

    def _claim(self, incident: Incident, deeds: Sequence[Deed], now: float) -> Todo | float:
        if any(deed.kind is Kind.CALL and deed.person in self.called for deed in deeds):
            # A phone that rings already is engaged: this would count as a call that nobody answered.
            return now + _ENGAGED
        texts = [self._text(incident, deed.kind) for deed in deeds]
        costs = [self._cost(deed, text) for deed, text in zip(deeds, texts, strict=True)]
        until = braking.holds(self._settings.brake, self._store.lately(now), costs)
        if until is not None:
            self._teller.tell("braked", incident=incident.ident, seconds=round(until - now))
            return until
        for deed, cost in zip(deeds, costs, strict=True):
            self._store.claim(deed, cost)
        return list(zip(deeds, texts, strict=True))

    def _text(self, incident: Incident, kind: Kind) -> Said:
        if kind is Kind.CALL:
            return Said(text=wording.spoken(self._settings, incident.ident, incident.alerts))
        resolved = kind is Kind.RESOLVED
        return wording.message(self._settings, incident.ident, incident.alerts, resolved=resolved)

    def _cost(self, deed: Deed, said: Said) -> Decimal:
        brake, country = self._settings.brake, self._settings.people[deed.person].country
        if deed.kind is Kind.CALL:
            return brake.call_price
        # What a template makes of its variables is known to Xoxzo alone.
        return brake.most(self._settings.texts.max_parts, country) if said.template else brake.cost(said.text, country)

    def plan(self, incident: Incident) -> Plan:
        """Return the list of an incident; the file may have changed since it was opened."""
        plans = self._settings.plans
        name = incident.plan if incident.plan in plans else routing.choose(self._settings.routes, incident.alerts)
        return plans[name] if name else next(iter(plans.values()))
