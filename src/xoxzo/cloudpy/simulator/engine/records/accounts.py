"""Accounts (API sections 1.1 and 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True, eq=False)
class Account:
    """A SID with its token, its balance and its rights."""

    sid: str
    token: str = field(repr=False)
    credits: Decimal
    bought: bool = False
    """Whether credits were bought: until then its texts may be replaced (API section 15.27)."""
    verified: bool | None = None
    """Whether it may subscribe numbers (API section 15.47); ``None`` leaves that to the settings."""
    free_form: bool | None = None
    """Whether it may send texts of its own (API section 15.8); ``None`` leaves that to the settings."""


def is_same_account(one: Account, other: Account) -> bool:
    """Say whether two are the same account, even if one object was made anew."""
    return (one.sid, one.token) == (other.sid, other.token)
