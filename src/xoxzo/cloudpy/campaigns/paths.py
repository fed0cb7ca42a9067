"""Where campaigns lie on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "XOXZO_CAMPAIGNS"
_NAME = re.compile(r"[\w][\w.\-]{0,99}")
_SUFFIX = ".campaign"


def campaigns_folder(given: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of the ledgers: the one given, ``XOXZO_CAMPAIGNS``, or one in the user's data."""
    if given is not None:
        return Path(given)
    if named := os.environ.get(VARIABLE):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "xoxzo" / "campaigns"


def ledger_path(name: str, given: str | os.PathLike[str] | None = None) -> Path:
    """Return the ledger of a campaign.

    Raises:
        InvalidArgument: this cannot be the name of a campaign.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument("name", "must be letters, digits, - _ and . of any script, at most 100")
    return campaigns_folder(given) / f"{name}{_SUFFIX}"


def campaign_names(given: str | os.PathLike[str] | None = None) -> Iterator[str]:
    """Return the names of all campaigns, sorted."""
    for path in sorted(campaigns_folder(given).glob(f"*{_SUFFIX}")):
        yield path.name.removesuffix(_SUFFIX)
