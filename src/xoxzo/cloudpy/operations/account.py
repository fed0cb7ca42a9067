"""The account (API section 9), and look-ups (API section 8)."""

from __future__ import annotations

from xoxzo.cloudpy.models import CarrierLookup, Credits
from xoxzo.cloudpy.operations import bodies, checks
from xoxzo.cloudpy.operations.operation import Operation, read_operation, write_operation


def get_credits() -> Operation[Credits]:
    """Return the balance (API section 9.1)."""
    return read_operation("account.credits", "/you/credits/", bodies.reader(Credits))


def carrier(recipient: str) -> Operation[CarrierLookup]:
    """Look up the carrier of a number; each look-up is charged (API section 8.1)."""
    fields = {"recipient": checks.recipient(recipient)}
    return write_operation("lookup.carrier", "/utilities/carrierlookup/", _read_carrier, fields)


def _read_carrier(body: bytes) -> CarrierLookup:
    raw = bodies.decode_record(body)
    # Null where nothing was found; without the field nothing can be concluded.
    if "carrier" not in raw:
        raise bodies.DecodingError("the record has no carrier")
    return bodies.record(CarrierLookup, raw, found=bool(bodies.text(raw, "carrier")))
