"""The names of campaigns, and the errors about them."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.campaigns.ledger.protocol import Ledger

DRAFT_SECONDS = 86_400.0
"""After so long, a campaign that was not created to its end is deleted: it holds phone numbers."""
_NAME = re.compile(r"[\w][\w.\-]{0,99}")


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a campaign.

    Raises:
        InvalidArgument: it is refused.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument("name", "must be letters, digits, - _ and . of any script, at most 100")


@contextmanager
def forgetting(ledger: Ledger) -> Iterator[None]:
    """Remove from the opt-out list what concerns a new campaign alone, if it is not created to its end."""
    try:
        yield
    except BaseException:
        with suppress(CampaignError):
            ledger.forget()
        raise


def campaign_exists(name: str) -> CampaignError:
    """Return the error for a name that is taken."""
    return CampaignError(
        "campaign_exists", "there is a campaign {name} already: continue it, or use another name", name=name
    )


def campaign_not_found(name: str) -> CampaignError:
    """Return the error for a name that no campaign has."""
    return CampaignError("campaign_not_found", "there is no campaign {name}", name=name)
