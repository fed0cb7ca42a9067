"""The allow-list and the budget of one session, and what was charged to it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from xoxzo.cloudpy.errors import InvalidArgument, XoxzoError
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.phone import recipient_error


class NotAllowed(XoxzoError):
    """A call is beyond the limits; this call has sent nothing.

    Attributes:
        maybe_sent: whether an earlier call with the same reference may have sent it.
    """

    def __init__(self, reason: str, fields: Mapping[str, Any] | None = None, /, *, maybe_sent: bool = False) -> None:
        super().__init__(reason, {"maybe_sent": maybe_sent, **(fields or {})})
        self.maybe_sent: bool = self.fields["maybe_sent"]


class _Charge(msgspec.Struct):
    """One reference that was used in the session."""

    content: tuple[object, ...]
    cost: Decimal
    state: Literal["in flight", "sent", "unknown", "unsent"] = "in flight"
    result: dict[str, Any] = {}


class SendLimits:
    """Limits a session to an allow-list (numbers in E.164 by name) and a budget, and each reference to one send.

    ``spent`` has the credits charged so far; sends with an unknown outcome are charged, too.
    """

    def __init__(self, recipients: Mapping[str, str], budget: Decimal) -> None:
        if not recipients:
            raise InvalidArgument("allow", "must name at least one number")
        for number in recipients.values():
            if objection := recipient_error(number):
                raise InvalidArgument("allow", objection)
        if not budget.is_finite() or budget <= 0:
            raise InvalidArgument("budget", "must be a number of credits above 0")
        self.recipients = dict(recipients)
        self.budget = budget
        self.spent = Decimal(0)
        self._charges: dict[str, _Charge] = {}
        self._cost_by_id: dict[str, Decimal] = {}

    @property
    def left(self) -> Decimal:
        """The credits that are left; below 0 if something cost more than estimated."""
        return self.budget - self.spent

    @property
    def is_sending(self) -> bool:
        """Whether a send is in flight."""
        return any(charge.state == "in flight" for charge in self._charges.values())

    def number_of(self, recipient: str) -> str:
        """Return the number of a recipient, who is given by a name or a number of the allow-list; else `NotAllowed`."""
        if recipient in self.recipients:
            return self.recipients[recipient]
        if recipient in self.recipients.values():
            return recipient
        raise NotAllowed("the recipient is not on the allow-list that this server was started with")

    def reserve(self, reference: str, content: tuple[object, ...], cost: Decimal | None) -> dict[str, Any] | None:
        """Charge a send to the budget, before it is sent; `content` is everything that identifies it.

        ``None`` means that it may be sent now; if it was already sent, its result is returned. `NotAllowed` if it must
        not be sent.
        """
        checks.reference(reference)
        charge = self._charges.get(reference)
        if charge is not None and charge.state != "unsent":
            if charge.content != content:
                raise NotAllowed("the reference was used in this session for something else: use another one")
            if charge.state == "in flight":
                raise NotAllowed("the same is being sent right now: wait for its result", maybe_sent=True)
            if charge.state == "unknown":
                raise NotAllowed("it may have been sent by an earlier call, so it is not sent again", maybe_sent=True)
            return {**charge.result, "repeated": True}
        if cost is None:
            raise NotAllowed("its price is not known, and this server was started without one")
        if self.spent + cost > self.budget:
            raise NotAllowed(
                "it would cost about {cost} credits, and {left} are left of the budget {budget}",
                {"cost": cost, "left": self.left, "budget": self.budget},
            )
        self.spent += cost
        self._charges[reference] = _Charge(content, cost)
        return None

    def mark_sent(self, reference: str, result: dict[str, Any]) -> None:
        """Record that it was sent, with the result that later calls repeat; ``id`` in it is the msgid or callid."""
        charge = self._charges[reference]
        charge.state, charge.result = "sent", result
        if ident := result.get("id"):
            self._cost_by_id[ident] = charge.cost

    def mark_failed(self, reference: str, *, maybe_sent: bool) -> None:
        """Record that it was not sent, so that it may be tried again; or that it may have been: it stays charged."""
        charge = self._charges[reference]
        charge.state = "unknown" if maybe_sent else "unsent"
        if not maybe_sent:
            self.spent -= charge.cost

    def correct_cost(self, ident: str, cost: Decimal | None) -> None:
        """Raise the charge of a send, by its msgid or callid, to the cost that the API reports.

        A lower cost is ignored, because it reads 0 at first; so are other ids.
        """
        charged = self._cost_by_id.get(ident)
        if charged is not None and cost is not None and cost > charged:
            self.spent += cost - charged
            self._cost_by_id[ident] = cost
