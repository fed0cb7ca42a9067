"""Compare two campaigns, such as two messages sent to random halves of one list, and say what may be chance."""

from __future__ import annotations

from decimal import Decimal
from math import exp, lgamma, sqrt

import msgspec

from xoxzo.cloudpy.campaigns.campaign import Campaign
from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.common.locale import N_

_LEVEL = 0.05
_Z = 1.959964
_TOLERANCE = 1e-7


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the campaigns has reached."""

    name: str
    """Its name."""
    sent: int
    """Messages that were sent, or calls that were made."""
    delivered: int
    """Of these, delivered or answered."""
    clicked: int | None
    """Of these, whose tracked link was opened; ``None`` without tracked links."""
    opted_out: int
    """Of these, who have opted out afterwards."""
    open: int
    """Of these, without a final status."""
    cost: Decimal
    """Credits: what was charged where that is known, else the estimate."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much the second campaign differs from the first in one measure."""

    measure: str
    """``delivered``, ``clicked`` or ``opted out``."""
    shares: tuple[float, float]
    """The shares of what was sent, of both campaigns."""
    low: float
    """The least difference of the shares that agrees with the figures (95 % confidence, Newcombe)."""
    high: float
    """The greatest one."""
    p_value: float
    """The probability that chance alone makes a difference as great or greater (Fisher's exact test)."""

    @property
    def is_more_than_chance(self) -> bool:
        """Whether the probability of chance is less than 5 %."""
        return self.p_value < _LEVEL


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two campaigns beside each other."""

    variants: tuple[Variant, Variant]
    """Both campaigns."""
    differences: tuple[Difference, ...]
    """Of each measure."""
    is_random: bool
    """Whether they were sent to random parts of one list. If not, the lists may make the difference."""


_MEASURES = (N_("delivered"), N_("clicked"), N_("opted out"))


def compare(first: Campaign, second: Campaign) -> Comparison:
    """Compare two campaigns by what was delivered, clicked and paid, and who has opted out."""
    variants = _variant(first), _variant(second)
    total1, total2 = (one.sent for one in variants)
    differences = []
    for measure in _MEASURES:
        hits1, hits2 = (getattr(one, measure.replace(" ", "_")) for one in variants)
        if total1 and total2 and hits1 is not None and hits2 is not None and (hits1 or hits2):
            (share1, low1, high1), (share2, low2, high2) = _wilson(hits1, total1), _wilson(hits2, total2)
            differences.append(
                Difference(
                    measure=measure,
                    shares=(share1, share2),
                    low=share2 - share1 - sqrt((share2 - low2) ** 2 + (high1 - share1) ** 2),
                    high=share2 - share1 + sqrt((high2 - share2) ** 2 + (share1 - low1) ** 2),
                    p_value=fisher(hits1, total1, hits2, total2),
                )
            )
    parts = [one.ledger.get("split") or {} for one in (first, second)]
    same = all(parts) and all(parts[0][key] == parts[1][key] for key in ("of", "seed"))
    is_random = same and parts[0]["part"] != parts[1]["part"]
    return Comparison(variants=variants, differences=tuple(differences), is_random=is_random)


def _variant(campaign: Campaign) -> Variant:
    sent = delivered = clicked = opted_out = undecided = 0
    cost = Decimal(0)
    for one in campaign.ledger.recipient_statuses():
        if one.state.is_sent:
            sent += 1
            delivered += one.state is State.DELIVERED
            undecided += one.state is State.SENT
            clicked += bool(one.clicked)
            opted_out += one.opted_out >= one.sent
            cost += (one.recipient.cost or Decimal(0)) if one.charged is None else one.charged
    is_tracked = bool(campaign.content.options.get("track_link"))
    return Variant(
        name=campaign.name,
        sent=sent,
        delivered=delivered,
        clicked=clicked if is_tracked else None,
        opted_out=opted_out,
        open=undecided,
        cost=cost,
    )


def _wilson(hits: int, total: int) -> tuple[float, float, float]:
    """Return a share and the ends of its 95 % confidence interval."""
    share, square = hits / total, _Z * _Z
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = _Z / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total * total))
    return share, max(0.0, centre - half), min(1.0, centre + half)


def fisher(hits1: int, total1: int, hits2: int, total2: int) -> float:
    """Return the two-sided p-value of Fisher's exact test, which holds for small numbers, too."""
    hits = hits1 + hits2

    def log_probability(k: int) -> float:
        return _log_choose(total1, k) + _log_choose(total2, hits - k) - _log_choose(total1 + total2, hits)

    seen = log_probability(hits1) + _TOLERANCE
    possible = range(max(0, hits - total2), min(hits, total1) + 1)
    return min(1.0, sum(exp(found) for k in possible if (found := log_probability(k)) <= seen))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
