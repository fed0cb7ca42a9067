"""Look-ups (API section 8)."""

from __future__ import annotations

from xoxzo.cloudpy.models import CarrierLookup
from xoxzo.cloudpy.operations import checks, replies
from xoxzo.cloudpy.operations.operation import FORM, Effect, Operation, form


def carrier(recipient: str) -> Operation[CarrierLookup]:
    """Ask which carrier a number belongs to; each question costs (API section 8.1)."""
    return Operation(
        name="lookup.carrier",
        method="POST",
        path="/utilities/carrierlookup/",
        effect=Effect.CREATE,
        read=_read_carrier,
        body=form({"recipient": checks.recipient(recipient)}),
        content_type=FORM,
    )


def _read_carrier(body: bytes) -> CarrierLookup:
    raw = replies.record(body)
    # Null where nothing was found; without the field there is no telling.
    if "carrier" not in raw:
        raise replies.Unreadable("the record has no carrier")
    name = replies.text(raw, "carrier")
    return CarrierLookup(
        found=bool(name),
        recipient=replies.text(raw, "recipient"),
        carrier=name,
        country=replies.text(raw, "country"),
        mcc=replies.text(raw, "mcc"),
        mnc=replies.text(raw, "mnc"),
        mccmnc=replies.text(raw, "mccmnc"),
        cost=replies.amount(raw, "cost"),
        id=replies.text(raw, "id"),
        raw=raw,
    )
