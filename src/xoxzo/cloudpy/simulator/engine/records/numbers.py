"""Numbers that can be subscribed: DIN (API section 6) and SIN (API section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from xoxzo.cloudpy.simulator.engine.records.accounts import Account
from xoxzo.cloudpy.simulator.settings import NumberRange


@dataclass(slots=True, eq=False)
class SubscribedNumber:
    """A number and, while it is subscribed, its owner and action."""

    kind: Literal["din", "sin"]
    uid: str
    number: str
    range: NumberRange
    owner: Account | None = None
    action_url: str | None = None
    since: float = 0.0
    months: int = 0
    """How many were paid since then."""
    term: int = field(default=0, repr=False)
    """Counts subscriptions, so that a renewal knows whether it is still meant."""

    def view(self) -> dict[str, object]:
        """Return it as the search shows it (API section 6.1)."""
        shown: dict[str, object] = {
            "country_code": self.range.country_code,
            self.kind: self.number,
            f"{self.kind}_uid": self.uid,
            "monthly_cost": self.range.monthly_cost,
            "prefix": self.range.prefix,
        }
        if self.kind == "din":
            return {**shown, "minute_cost": self.range.minute_cost}
        return {**shown, "initial_cost": self.range.initial_cost, "message_cost": self.range.minute_cost}

    def subscribed_view(self) -> dict[str, object]:
        """Return it as the subscription list shows it (API sections 6.3 and 15.48)."""
        return {**self.view(), "action": {"url": self.action_url}}
