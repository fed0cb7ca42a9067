"""Find, open and create the ledgers of campaigns: the interface of all stores, and the store in a folder of files."""

from __future__ import annotations

import os
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from xoxzo.cloudpy.campaigns.ledger import base, files, sqlite
from xoxzo.cloudpy.campaigns.ledger.opt_outs import ContactList, OptOutList, SqliteContacts, SqliteOptOuts
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

Place = Any
"""What a store knows a ledger by: its file, or its number."""
DRAFT_SECONDS = 86_400.0
"""After so long, a campaign that was not created to its end is deleted: it holds phone numbers."""
_NAME = re.compile(r"[\w][\w.\-]{0,99}")
_SUFFIX = ".campaign"
_DRAFT = re.compile(rf"{re.escape(_SUFFIX)}\.[0-9a-f]{{8}}\.draft(?:-[a-z]+)?$")


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

    @contextmanager
    def create(self, name: str) -> Iterator[base.Ledger]:
        """Yield a new ledger, which gets its name when the block has ended without an exception.

        So a name never stands for half a list; after an exception nothing is left.

        Raises:
            CampaignError: there is a campaign of this name, or it cannot be created.
        """
        taken = CampaignError(
            "campaign_exists", "there is a campaign {name} already: continue it, or use another name", name=name
        )
        if self.exists(name):
            raise taken
        draft, is_published = self._begin(name), False
        try:
            with self._open(draft, name, create=True) as ledger:
                try:
                    yield ledger
                    ledger.checkpoint()
                except BaseException:
                    with suppress(CampaignError):
                        ledger.forget()
                    raise
            is_published = self._publish(draft, name)
        finally:
            if not is_published:
                with suppress(CampaignError):
                    self._delete(draft)
        if not is_published:
            raise taken

    def open(self, name: str) -> base.Ledger:
        """Open the ledger of a campaign.

        Raises:
            CampaignError: there is none of this name, or it cannot be read.
        """
        found = self._find(name)
        if found is None:
            raise CampaignError("campaign_not_found", "there is no campaign {name}", name=name)
        return self._open(found, name)

    def exists(self, name: str) -> bool:
        """Return whether there is a campaign of this name."""
        return self._find(name) is not None

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Return the names of all campaigns, sorted."""

    def remove(self, name: str) -> None:
        """Delete a campaign; its ledger must be closed."""
        if (found := self._find(name)) is not None:
            with suppress(CampaignError), self._open(found, name) as ledger:
                ledger.forget()
            self._delete(found)

    @abstractmethod
    def _find(self, name: str) -> Place | None:
        """Return where the campaign of a name is, if there is one; raise ``InvalidArgument``."""

    @abstractmethod
    def _open(self, place: Place, name: str, *, create: bool = False) -> base.Ledger: ...

    @abstractmethod
    def _begin(self, name: str) -> Place:
        """Return the place of a new draft, and delete those that were cut off a day ago: they hold phone numbers."""

    @abstractmethod
    def _publish(self, draft: Place, name: str) -> bool:
        """Give a draft its name; return whether the name was free."""

    @abstractmethod
    def _delete(self, place: Place) -> None: ...


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a campaign, by an ``InvalidArgument``."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument("name", "must be letters, digits, - _ and . of any script, at most 100")


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
        """Return the file of a campaign's ledger, whether it exists or not."""
        check_name(name)
        return self._folder / f"{name}{_SUFFIX}"

    def names(self) -> Iterator[str]:
        """Return the names of all campaigns, sorted."""
        return (path.name.removesuffix(_SUFFIX) for path in sorted(self._folder.glob(f"*{_SUFFIX}")))

    def replace_wal(self, name: str) -> int:
        """Make a campaign whose ``-wal`` file is lost usable again; return how many recipients became unknown.

        Nobody can tell which of them were sent to, since the lost file had what was recorded last.
        """
        with sqlite.SqliteLedger(self.path(name), without_wal=True) as ledger:
            return ledger.replace_wal()

    def _find(self, name: str) -> Path | None:
        return path if (path := self.path(name)).is_file() else None

    def _open(self, place: Path, name: str, *, create: bool = False) -> sqlite.SqliteLedger:  # noqa: ARG002 - its path has it
        return sqlite.SqliteLedger(place, create=create)

    def _begin(self, name: str) -> Path:
        path = self.path(name)
        wal = Path(f"{path}-wal")
        if wal.is_file() and wal.stat().st_size:
            # SQLite would write what is in it into the new ledger.
            raise CampaignError(
                "wal_left",
                "{wal} belongs to a campaign whose file {path} is missing: put it back, or delete {wal}",
                wal=wal,
                path=path,
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _cannot_be_created(self._folder, error) from None
        for old in self._folder.glob("*.draft*"):
            with suppress(OSError):
                if _DRAFT.search(old.name) and old.stat().st_mtime < time.time() - DRAFT_SECONDS:
                    old.unlink()
        return path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")

    def _publish(self, draft: Path, name: str) -> bool:
        try:
            os.link(draft, self.path(name))
        except FileExistsError:
            return False
        except OSError as error:
            raise _cannot_be_created(self.path(name), error) from None
        files.delete_files(draft)
        return True

    def _delete(self, place: Path) -> None:
        files.delete_files(place)


def _cannot_be_created(path: Path, error: OSError) -> CampaignError:
    return CampaignError(
        "cannot_be_created", "{path} cannot be created: {error}", path=path, error=error.strerror or error
    )
