"""The account (API section 9)."""

from __future__ import annotations

from xoxzo.cloudpy.models import Credits
from xoxzo.cloudpy.operations import replies
from xoxzo.cloudpy.operations.operation import Effect, Operation


def get_credits() -> Operation[Credits]:
    """Ask for the balance (API section 9.1)."""
    return Operation(name="account.credits", method="GET", path="/you/credits/", effect=Effect.READ, read=_read_credits)


def _read_credits(body: bytes) -> Credits:
    raw = replies.record(body)
    credits_left = replies.amount(raw, "credits")
    if credits_left is None:
        raise replies.Unreadable("the record has no credits")
    return Credits(credits=credits_left, raw=raw)
