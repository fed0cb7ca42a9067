"""The figures behind a report, gathered in one walk through a ledger and in flat memory."""

from __future__ import annotations

from array import array
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xoxzo.cloudpy.campaigns.records import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xoxzo.cloudpy.campaigns.ledger.queries import RecipientStatus

_WRONG = frozenset({State.FAILED, State.REJECTED, State.UNKNOWN, State.ASSUMED, State.SKIPPED})
_UNTOLD = "no reason was told"
_NAMELESS = "not known any more"
_CARRIER = 7
"""Digits after the plus sign that tell whom a range of numbers was given to."""


class Statistics:
    """What a report tells.

    Args:
        recipient_statuses: everybody's.
        kept: what `keep` returned before the numbers were purged.
    """

    def __init__(self, recipient_statuses: Iterable[RecipientStatus], kept: Mapping[str, Any] | None = None) -> None:
        self.states: Counter[State] = Counter()
        self.failures: Counter[tuple[str, State, str]] = Counter()
        """What did not go well: carrier, state and reason."""
        self.reached: Counter[str] = Counter()
        """Everybody by carrier."""
        self.parts: Counter[int] = Counter()
        """Messages that were sent, or may have been, by their parts."""
        self.costs: dict[int, Decimal] = {}
        """Credits by parts: those that were charged where that is known, else the estimate."""
        self.sent = array("d")
        """When each was sent, in seconds since 1970."""
        self.delivered = array("d")
        self.charged = Decimal(0)
        self.estimate = Decimal(0)
        self._latencies: Counter[float] = Counter()
        for one in recipient_statuses:
            self._add(one)
        if kept is not None:
            self.reached = Counter(kept["reached"])
            self.failures = Counter(
                {(carrier, State(state), reason): n for carrier, state, reason, n in kept["failures"]}
            )

    def keep(self) -> dict[str, Any]:
        """Return what is made of numbers, so that it outlives them."""
        failures = [[carrier, int(state), reason, n] for (carrier, state, reason), n in self.failures.items()]
        return {"reached": dict(self.reached), "failures": failures}

    def _add(self, one: RecipientStatus) -> None:
        self.states[one.state] += 1
        carrier = carrier_of(one.recipient.number)
        self.reached[carrier] += 1
        self._add_money(one)
        if one.sent:
            self.sent.append(one.sent)
        if one.state == State.DELIVERED:
            self.delivered.append(one.ended)
            if one.ended >= one.sent > 0:
                took = one.ended - one.sent
                self._latencies[round(took, 1) if took < 100 else round(took, -1)] += 1
        if one.state in _WRONG:
            self.failures[carrier, one.state, one.error or _UNTOLD] += 1

    def _add_money(self, one: RecipientStatus) -> None:
        estimate = one.recipient.cost or Decimal(0)
        self.estimate += estimate
        self.charged += one.charged or Decimal(0)
        if one.state.is_sent or one.state in {State.UNKNOWN, State.ASSUMED}:
            self.parts[one.recipient.parts] += 1
            cost = estimate if one.charged is None else one.charged
            self.costs[one.recipient.parts] = self.costs.get(one.recipient.parts, Decimal(0)) + cost

    @property
    def total(self) -> int:
        """Everybody."""
        return sum(self.states.values())

    @property
    def taken(self) -> int:
        """How many Xoxzo has surely taken."""
        return sum(count for state, count in self.states.items() if state.is_sent)

    def within(self, bounds: Iterable[float]) -> list[int]:
        """Count deliveries by how long they took: up to each bound, and over the last."""
        edges = list(bounds)
        counts = [0] * (len(edges) + 1)
        for took, count in self._latencies.items():
            counts[next((place for place, most in enumerate(edges) if took <= most), len(edges))] += count
        return counts

    def quantile(self, share: float) -> float | None:
        """Return within how many seconds a share of the deliveries was made."""
        wanted, seen = share * self._latencies.total(), 0
        for took in sorted(self._latencies):
            seen += self._latencies[took]
            if seen >= wanted:
                return took
        return None


def carrier_of(number: str) -> str:
    """Say whom a number's range was given to. Who has changed the carrier has kept the number: no status tells that."""
    return _carrier(number[: _CARRIER + 1], len(number)) if number.startswith("+") else _NAMELESS


@lru_cache(maxsize=100_000)
def _carrier(beginning: str, length: int) -> str:
    import phonenumbers
    from phonenumbers import carrier

    number = phonenumbers.parse(beginning.ljust(length, "0"))
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return f"{country} · {carrier.name_for_number(number, 'en') or 'carrier not known'}"
