"""Look-ups (API section 8)."""

from __future__ import annotations

from xoxzo.cloudpy.models import CarrierLookup
from xoxzo.cloudpy.operations import checks
from xoxzo.cloudpy.operations.decoding import records
from xoxzo.cloudpy.operations.operation import Operation, create_operation


def carrier(recipient: str) -> Operation[CarrierLookup]:
    """Look up the carrier of a number; each look-up is charged (API section 8.1)."""
    fields = {"recipient": checks.recipient(recipient)}
    return create_operation("lookup.carrier", "/utilities/carrierlookup/", _read_carrier, fields)


def _read_carrier(body: bytes) -> CarrierLookup:
    raw = records.decode_record(body)
    # Null where nothing was found; without the field there is no telling.
    if "carrier" not in raw:
        raise records.DecodingError("the record has no carrier")
    name = records.text(raw, "carrier")
    return CarrierLookup(
        found=bool(name),
        recipient=records.text(raw, "recipient"),
        carrier=name,
        country=records.text(raw, "country"),
        mcc=records.text(raw, "mcc"),
        mnc=records.text(raw, "mnc"),
        mccmnc=records.text(raw, "mccmnc"),
        cost=records.decimal(raw, "cost"),
        id=records.text(raw, "id"),
        raw=raw,
    )
