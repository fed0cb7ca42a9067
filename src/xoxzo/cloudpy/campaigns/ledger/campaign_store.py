"""Where the ledgers of campaigns are stored, what their names can be, and the errors about them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo.cloudpy.campaigns.ledger.base import Ledger
    from xoxzo.cloudpy.campaigns.ledger.opt_outs import ContactList, OptOutList

DRAFT_SECONDS = 86_400.0
"""After so long, a campaign that was not created to its end is deleted: it holds phone numbers."""
_NAME = re.compile(r"[\w][\w.\-]{0,99}")


class CampaignStore(ABC):
    """Where the ledgers of campaigns are stored: a folder of files, or a database that several machines use.

    Methods raise ``InvalidArgument`` for what cannot be the name of a campaign, and ``CampaignError`` where the store
    cannot be read or written.
    """

    address: str
    """What opens the same store in another process: a folder, or a URL."""
    opt_outs: OptOutList
    """The opt-out list of all campaigns in it."""
    contacts: ContactList
    """Who may have got a message of the campaigns in it."""

    @abstractmethod
    def create(self, name: str) -> AbstractContextManager[Ledger]:
        """Return a context with a new ledger, which gets its name when the block has ended without an exception.

        So a name never stands for half a list; after an exception nothing is left.

        Raises:
            CampaignError: there is a campaign of this name, or it cannot be created.
        """

    @abstractmethod
    def open(self, name: str) -> Ledger:
        """Open the ledger of a campaign.

        Raises:
            CampaignError: there is none of this name, or it cannot be read.
        """

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Return whether there is a campaign of this name."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Return the names of all campaigns, sorted."""

    def remove(self, name: str) -> None:
        """Delete a campaign; its ledger must be closed."""
        with suppress(CampaignError), self.open(name) as ledger:
            ledger.forget()
        self._delete(name)

    @abstractmethod
    def _delete(self, name: str) -> None: ...


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
