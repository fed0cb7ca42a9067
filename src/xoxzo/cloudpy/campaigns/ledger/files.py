"""Keep the ledgers of campaigns as files in one folder: find, open and create them."""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.ledger.sqlite import SqliteLedger
from xoxzo.cloudpy.common.user_folders import data_folder
from xoxzo.cloudpy.errors import CampaignError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "XOXZO_CAMPAIGNS"
"""The environment variable that names the folder."""
_NAME = re.compile(r"[\w][\w.\-]{0,99}")
_SUFFIX = ".campaign"
_DRAFT_SECONDS = 86_400.0


def campaigns_folder(given: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of the ledgers: the one given, ``XOXZO_CAMPAIGNS``, or one in the user's data folder."""
    if given is not None:
        return Path(given)
    if named := os.environ.get(VARIABLE):
        return Path(named)
    return data_folder() / "campaigns"


def ledger_path(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of a campaign's ledger, whether it exists or not.

    Raises:
        InvalidArgument: this cannot be the name of a campaign.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument("name", "must be letters, digits, - _ and . of any script, at most 100")
    return campaigns_folder(folder) / f"{name}{_SUFFIX}"


def campaign_names(folder: str | os.PathLike[str] | None = None) -> Iterator[str]:
    """Return the names of all campaigns, sorted."""
    for path in sorted(campaigns_folder(folder).glob(f"*{_SUFFIX}")):
        yield path.name.removesuffix(_SUFFIX)


def open_ledger(name: str, folder: str | os.PathLike[str] | None = None) -> SqliteLedger:
    """Open the ledger of a campaign.

    Raises:
        InvalidArgument: this cannot be the name of a campaign.
        CampaignError: there is none of this name, or it cannot be read.
    """
    path = ledger_path(name, folder)
    if not path.is_file():
        raise CampaignError("campaign_not_found", "there is no campaign {name}", name=name)
    return SqliteLedger(path)


def remove_ledger(name: str, folder: str | os.PathLike[str] | None = None) -> None:
    """Delete the ledger of a campaign; it must be closed."""
    _delete(ledger_path(name, folder))


@contextmanager
def new_ledger(name: str, folder: str | os.PathLike[str] | None = None) -> Iterator[SqliteLedger]:
    """Yield a new ledger, and give it its name when the block has ended: a name never stands for half a list.

    Raises:
        InvalidArgument: this cannot be the name of a campaign.
        CampaignError: there is a campaign of this name, or the file cannot be created.
    """
    path = ledger_path(name, folder)
    if path.exists():
        raise _campaign_exists(name)
    _prepare(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
    try:
        with SqliteLedger(draft, create=True) as ledger:
            yield ledger
            # Without it, a full disk at closing would leave what was written in a file beside the ledger.
            ledger.checkpoint()
        try:
            os.link(draft, path)
        except FileExistsError:
            raise _campaign_exists(name) from None
        except OSError as error:
            raise _cannot_be_created(path, error) from None
    finally:
        _delete(draft)


def _delete(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)


def _prepare(folder: Path) -> None:
    """Create the folder, and delete drafts that were cut off a day ago: they hold phone numbers."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _cannot_be_created(folder, error) from None
    for draft in folder.glob("*.draft*"):
        with suppress(OSError):
            if draft.stat().st_mtime < time.time() - _DRAFT_SECONDS:
                draft.unlink()


def _campaign_exists(name: str) -> CampaignError:
    return CampaignError(
        "campaign_exists", "there is a campaign {name} already: go on with it, or take another name", name=name
    )


def _cannot_be_created(path: Path, error: OSError) -> CampaignError:
    return CampaignError(
        "cannot_be_created", "{path} cannot be created: {error}", path=path, error=error.strerror or error
    )
