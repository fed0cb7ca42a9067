"""Gather the figures of a report in one pass through a ledger, in constant memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from xoxzo.cloudpy.campaigns.records import RecipientStatus, State

_UNSUCCESSFUL = frozenset({State.FAILED, State.REJECTED, State.UNKNOWN, State.ASSUMED, State.SKIPPED})
_PREFIX_DIGITS = 7
"""Digits after the plus sign that tell which carrier a range of numbers was assigned to."""
_FINE_SECONDS = 100


class Statistics:
    """The figures of a report; ``stored`` is what `to_stored` returned before the numbers were purged."""

    def __init__(self, statuses: Iterable[RecipientStatus], stored: Mapping[str, Any] | None = None) -> None:
        self.states: Counter[State] = Counter()
        self.failures: Counter[tuple[str, State, str]] = Counter()
        """What did not succeed: carrier, state and error."""
        self.by_carrier: Counter[str] = Counter()
        self.parts: Counter[int] = Counter()
        """Messages that were sent, or may have been, by their parts."""
        self.costs: defaultdict[int, Decimal] = defaultdict(Decimal)
        """Credits by parts: what was charged where that is known, else the estimate."""
        # When each was sent and delivered, in seconds since 1970.
        self.sent, self.delivered = array("d"), array("d")
        self.charged: Decimal | None = None
        """Credits that are known to be charged; ``None`` while no charge is known."""
        self.estimate = Decimal(0)
        self.known_within: Counter[float] = Counter()
        """Deliveries that no report has timed, by the seconds from the attempt until they were looked up."""
        # Who was not sent to, being on the opt-out list, or contacted lately; and who opted out afterwards.
        self.opted_out = self.contacted = self.opted_out_later = 0
        self._latencies: Counter[float] = Counter()
        for one in statuses:
            self._add(one)
        if stored is not None:
            self.by_carrier = Counter(stored["by_carrier"])
            failures = stored["failures"]
            self.failures = Counter({(carrier, State(state), error): n for carrier, state, error, n in failures})
            self.opted_out_later = stored.get("opted_out_later", 0)

    def to_stored(self) -> dict[str, Any]:
        """Return what is derived from numbers, to be stored before they are purged."""
        failures = [[carrier, int(state), error, n] for (carrier, state, error), n in self.failures.items()]
        return {"by_carrier": dict(self.by_carrier), "failures": failures, "opted_out_later": self.opted_out_later}

    def _add(self, one: RecipientStatus) -> None:
        self.states[one.state] += 1
        carrier = carrier_of(one.recipient.number)
        self.by_carrier[carrier] += 1
        estimate = one.recipient.cost or Decimal(0)
        self.estimate += estimate
        if one.charged is not None:
            self.charged = (self.charged or Decimal(0)) + one.charged
        if one.state.is_sent or one.state in {State.UNKNOWN, State.ASSUMED}:
            self.parts[one.recipient.parts] += 1
            self.costs[one.recipient.parts] += estimate if one.charged is None else one.charged
        if one.sent:
            self.sent.append(one.sent)
        if one.state == State.DELIVERED:
            self.delivered.append(one.ended)
            if one.took is not None:
                self._latencies[_rounded(one.took)] += 1
            elif one.began:
                self.known_within[_rounded(one.ended - one.began)] += 1
        self.opted_out += one.state is State.SKIPPED and one.error == "suppressed"
        self.contacted += one.state is State.SKIPPED and one.error == "contacted"
        self.opted_out_later += 0 < one.sent <= one.opted_out
        if one.state in _UNSUCCESSFUL:
            self.failures[carrier, one.state, one.error] += 1

    @property
    def total(self) -> int:
        """How many recipients there are."""
        return sum(self.states.values())

    @property
    def accepted(self) -> int:
        """How many Xoxzo has certainly accepted."""
        return sum(count for state, count in self.states.items() if state.is_sent)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures for programs: numbers, texts, and lists of them."""
        parts = [{"parts": n, "messages": count, "credits": self.costs[n]} for n, count in sorted(self.parts.items())]
        failures = [
            {"carrier": carrier, "state": state.name.lower(), "error": error, "count": count}
            for (carrier, state, error), count in self.failures.most_common()
        ]
        return {
            "total": self.total,
            **{state.name.lower(): self.states[state] for state in State},
            "charged": self.charged,
            "estimate": self.estimate,
            "opted_out": self.opted_out,
            "contacted": self.contacted,
            "opted_out_later": self.opted_out_later,
            "parts": parts,
            "reported_deliveries": self._latencies.total(),
            "median_seconds": self.latency_quantile(0.5),
            "p95_seconds": self.latency_quantile(0.95),
            "failures": failures,
        }

    def delivered_within(self, bounds: Sequence[float]) -> list[int]:
        """Count deliveries by how long they took: up to each bound, in seconds, and over the last."""
        counts = [0] * (len(bounds) + 1)
        for seconds, count in self._latencies.items():
            counts[bisect_left(bounds, seconds)] += count
        return counts

    def latency_quantile(self, share: float) -> float | None:
        """Return within how many seconds a share of the deliveries was made; ``None`` when there are none."""
        wanted, seen = share * self._latencies.total(), 0
        for seconds in sorted(self._latencies):
            seen += self._latencies[seconds]
            if seen >= wanted:
                return seconds
        return None


def _rounded(seconds: float) -> float:
    return round(seconds, 1) if seconds < _FINE_SECONDS else round(seconds, -1)


def carrier_of(number: str) -> str:
    """Return country and carrier that a number's range was assigned to, even if ported; empty if it was purged."""
    return _carrier(number[: _PREFIX_DIGITS + 1], len(number)) if number.startswith("+") else ""


@lru_cache(maxsize=100_000)
def _carrier(prefix: str, length: int) -> str:
    import phonenumbers
    from phonenumbers import carrier

    number = phonenumbers.parse(prefix.ljust(length, "0"))
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return f"{country} · {carrier.name_for_number(number, 'en') or 'unknown carrier'}"
