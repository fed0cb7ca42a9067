"""Check the format of phone numbers (API sections 1.8 and 15.1)."""

from __future__ import annotations

import re

from xoxzo.cloudpy.common.locale import N_

is_recipient = re.compile(r"\+(?!810)[1-9][0-9]{6,14}").fullmatch
"""Whether a number can be a recipient; `recipient_error` says why one cannot."""

_CALLER = re.compile(r"\+?[0-9]{1,15}")


def recipient_error(number: str) -> str | None:
    """Return the rule that a number breaks as a recipient; ``None`` if it can be one.

    A recipient is in E.164: ``+``, country code, number without the national trunk 0, at most 15 ASCII digits. Nothing
    checks that the number exists.
    """
    if is_recipient(number):
        return None
    if not number.startswith("+"):
        return N_("must be in E.164: begin with + and the country code, as in +8180…")
    if number.startswith("+810"):
        return N_("must not have a 0 after +81: +8180…, not +81080…")
    return N_("must be in E.164: + and 7 to 15 digits, without blanks or hyphens")


def caller_error(number: str) -> str | None:
    """Return the rule that a number breaks as a caller (API section 5.1); ``None`` if it can be one."""
    return None if _CALLER.fullmatch(number) else N_("must be 1 to 15 digits, with or without a leading +")
