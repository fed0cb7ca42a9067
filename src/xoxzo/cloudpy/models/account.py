"""Records of the account (API section 9)."""

from __future__ import annotations

from decimal import Decimal

from xoxzo.cloudpy.models.base import Model

__all__ = ["Credits"]


class Credits(Model, frozen=True, kw_only=True):
    """The account's balance (API section 9.1)."""

    credits: Decimal
    """In credits, each 1 yen before tax; below 0 only on postpaid accounts."""
