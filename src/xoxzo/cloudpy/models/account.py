"""The account (API section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xoxzo.cloudpy.models.base import Model

if TYPE_CHECKING:
    from decimal import Decimal


class Credits(Model, frozen=True, kw_only=True):
    """The account's balance (API section 9.1).

    Attributes:
        credits: 1 credit is 1 yen before tax; below 0 only on postpaid accounts.
    """

    credits: Decimal
