"""Find, open and create the ledgers of campaigns: in a folder of files, or at another address."""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.ledger.campaign_store import (
    DRAFT_SECONDS,
    CampaignStore,
    campaign_exists,
    campaign_not_found,
    check_name,
    forgetting,
)
from xoxzo.cloudpy.campaigns.ledger.files import delete_files
from xoxzo.cloudpy.campaigns.ledger.opt_outs import SqliteContacts, SqliteOptOuts
from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger
from xoxzo.cloudpy.common.user_files import data_folder
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator


VARIABLE = "XOXZO_CAMPAIGNS"
"""The environment variable that holds the address of the store."""
_SUFFIX = ".campaign"
_DRAFT = re.compile(rf"{re.escape(_SUFFIX)}\.[0-9a-f]{{8}}\.draft(?:-[a-z]+)?$")


def open_store(address: CampaignStore | str | os.PathLike[str] | None = None) -> CampaignStore:
    """Return the store at an address.

    Args:
        address: a folder, or a PostgreSQL database as ``postgresql://…``; by default ``XOXZO_CAMPAIGNS``, or a folder
            in the user's data folder. A store is returned as it is.

    Raises:
        InvalidArgument: it is the address of something else, such as ``mysql://…``.
    """
    if address is not None and not isinstance(address, str | os.PathLike):
        return address
    chosen = address or os.environ.get(VARIABLE) or data_folder() / "campaigns"
    if str(chosen).startswith(("postgresql://", "postgres://")):
        from xoxzo.cloudpy.campaigns.ledger.postgresql_store import PostgresqlStore

        return PostgresqlStore(str(chosen))
    if "://" in str(chosen):
        # As a folder's name it would be a store of each machine's own, and each machine would send to everybody.
        raise InvalidArgument("store", "must be a folder or an address that begins with postgresql://")
    return FolderStore(chosen)


class FolderStore(CampaignStore):
    """Keeps each campaign in a file of one folder. See ``CampaignStore`` for its methods."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self.address = str(self._folder)
        self.opt_outs = SqliteOptOuts(self._folder)
        self.contacts = SqliteContacts(self._folder)

    def copy_lists(self, store: CampaignStore) -> None:
        """Add the opt-out list and the contacts of another store, for a preview or a rehearsal in this one."""
        self.opt_outs.merge(store.opt_outs)
        self.contacts.merge(store.contacts)

    def path(self, name: str) -> Path:
        """Return the file of a campaign's ledger, whether it exists or not.

        Raises:
            InvalidArgument: this cannot be the name of a campaign.
        """
        check_name(name)
        return self._folder / f"{name}{_SUFFIX}"

    def names(self) -> Iterator[str]:
        """Return the names of all campaigns, sorted."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            yield path.name.removesuffix(_SUFFIX)

    def exists(self, name: str) -> bool:
        """Return whether there is a campaign of this name."""
        return self.path(name).is_file()

    def open(self, name: str) -> SqliteLedger:
        """Open the ledger of a campaign."""
        if not self.exists(name):
            raise campaign_not_found(name)
        return SqliteLedger(self.path(name))

    def _delete(self, name: str) -> None:
        delete_files(self.path(name))

    def replace_wal(self, name: str) -> int:
        """Make a campaign whose ``-wal`` file is lost usable again; return how many recipients became unknown.

        Nobody can tell which of them were sent to, since the lost file had what was recorded last.
        """
        with SqliteLedger(self.path(name), without_wal=True) as ledger:
            return ledger.replace_wal()

    @contextmanager
    def create(self, name: str) -> Iterator[SqliteLedger]:
        """Yield a new ledger, and give it its name when the block has ended."""
        path = self.path(name)
        if path.exists():
            raise campaign_exists(name)
        _check_no_wal(path)
        _prepare(path.parent)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
        try:
            with SqliteLedger(draft, create=True) as ledger:
                with forgetting(ledger):
                    yield ledger
                # Without it, a full disk at closing would leave what was written in a file beside the ledger.
                ledger.checkpoint()
            try:
                os.link(draft, path)
            except FileExistsError:
                raise campaign_exists(name) from None
            except OSError as error:
                raise _cannot_be_created(path, error) from None
        finally:
            delete_files(draft)


def _check_no_wal(path: Path) -> None:
    """Refuse to create a ledger beside the ``-wal`` file of another one: SQLite would write that into the new one."""
    wal = Path(f"{path}-wal")
    if wal.is_file() and wal.stat().st_size:
        raise CampaignError(
            "wal_left",
            "{wal} belongs to a campaign whose file {path} is missing: put it back, or delete {wal}",
            wal=wal,
            path=path,
        )


def _prepare(folder: Path) -> None:
    """Create the folder, and delete drafts that were cut off a day ago: they hold phone numbers."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _cannot_be_created(folder, error) from None
    for draft in folder.glob("*.draft*"):
        with suppress(OSError):
            if _DRAFT.search(draft.name) and draft.stat().st_mtime < time.time() - DRAFT_SECONDS:
                draft.unlink()


def _cannot_be_created(path: Path, error: OSError) -> CampaignError:
    return CampaignError(
        "cannot_be_created", "{path} cannot be created: {error}", path=path, error=error.strerror or error
    )
