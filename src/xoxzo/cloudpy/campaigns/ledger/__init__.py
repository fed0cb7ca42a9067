"""The ledger of a campaign, which stores recipients, claims and outcomes; and the stores in which ledgers are."""

from __future__ import annotations

import os
import re

from xoxzo.cloudpy.campaigns.ledger.base import Ledger
from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger
from xoxzo.cloudpy.campaigns.ledger.stores import CampaignStore, FolderStore
from xoxzo.cloudpy.common.user_files import data_folder
from xoxzo.cloudpy.errors import ConfigurationError, InvalidArgument

__all__ = ["CampaignStore", "FolderStore", "Ledger", "SqliteLedger", "open_store"]

_CONNECTION_STRING = re.compile(r"(?:^|\s)(?:dbname|host|hostaddr|service|user)\s*=")


def open_store(address: CampaignStore | str | os.PathLike[str] | None = None) -> CampaignStore:
    """Return the store at an address.

    Args:
        address: a folder, or a PostgreSQL database such as ``postgresql://user@host/shop`` or ``postgresql:///shop``;
            by default ``XOXZO_CAMPAIGNS``, or a folder in the user's data folder. A store is returned as it is.

    Raises:
        InvalidArgument: it is the address of something else, such as ``mysql://…``, or has another form.
        ConfigurationError: the extra ``postgresql`` is missing.
    """
    if address is not None and not isinstance(address, str | os.PathLike):
        return address
    chosen = address or os.environ.get("XOXZO_CAMPAIGNS") or data_folder() / "campaigns"
    if str(chosen).startswith(("postgresql://", "postgres://")):
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                'campaigns in PostgreSQL need an extra: pip install "xoxzo-cloudpy[postgresql]"'
            ) from None
        from xoxzo.cloudpy.campaigns.ledger.postgresql import PostgresqlStore

        return PostgresqlStore(str(chosen))
    if "://" in str(chosen) or _CONNECTION_STRING.search(str(chosen)):
        # As a folder's name it would be a store of each machine's own, and each machine would send to everybody.
        raise InvalidArgument("store", "must be a folder or an address that begins with postgresql://")
    return FolderStore(chosen)
