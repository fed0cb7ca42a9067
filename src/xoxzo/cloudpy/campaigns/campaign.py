"""A campaign as an object: create it, plan it, run it, look into it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Self

import msgspec

from xoxzo.cloudpy.campaigns import paths
from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.create import create_ledger, hash_file
from xoxzo.cloudpy.campaigns.ledger import SqliteLedger
from xoxzo.cloudpy.campaigns.reconciliation.reconcile_api import ReconcileApi
from xoxzo.cloudpy.campaigns.report.plan import Plan, plan
from xoxzo.cloudpy.campaigns.report.statistics import Statistics
from xoxzo.cloudpy.campaigns.sending.run_api import RunApi
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from xoxzo.cloudpy.async_client import AsyncClient
    from xoxzo.cloudpy.campaigns.create import Source
    from xoxzo.cloudpy.campaigns.inputs import BadRow
    from xoxzo.cloudpy.campaigns.ledger.queries import RecipientStatus
    from xoxzo.cloudpy.campaigns.limits import Limits
    from xoxzo.cloudpy.campaigns.records import Tally


class Campaign(RunApi, ReconcileApi):
    """One message to many people. Everything that is known of it stands in one file.

    Get one by ``Campaign.create`` or ``Campaign.open``, and close it, or use it in a ``with`` statement.

    Attributes:
        name: its name.
        content: what everybody gets.
        bad: the rows of the input that were left out, when it was created just now.
    """

    def __init__(self, name: str, ledger: SqliteLedger) -> None:
        self.name = name
        self.ledger = ledger
        self.content = msgspec.convert(ledger.get("content"), Content)
        self.bad: tuple[BadRow, ...] = ()
        self._uid = str(ledger.get("uid"))

    @classmethod
    def create(
        cls,
        name: str,
        source: Source,
        content: Content,
        *,
        folder: str | os.PathLike[str] | None = None,
        number: str | None = None,
        columns: Mapping[str, str] | None = None,
        country: str = "JP",
        mobile_only: bool | None = None,
        skip_bad: bool = False,
        suppress: Iterable[str] = (),
        **reading: Any,  # noqa: ANN401 - what `read_table` takes
    ) -> Self:
        """Read recipients and freeze them, with what they will get, in a new ledger. Nothing is sent.

        Args:
            name: how it is called from now on; letters, digits, ``-``, ``_`` and ``.``.
            source: a file (see ``inputs.read_table``), or rows that map columns to values. A million rows need no
                more memory than a thousand.
            content: what everybody gets.
            folder: where the ledger goes; by default ``XOXZO_CAMPAIGNS`` or the user's data folder.
            number: the column of the phone numbers; by default the one that holds some.
            columns: the column of each placeholder, where it is called otherwise.
            country: where numbers without a country code belong, as ISO 3166-1 alpha-2.
            mobile_only: refuse numbers that are no mobiles; by default for SMS and not for calls.
            skip_bad: leave bad rows out; by default they stop everything.
            suppress: numbers in E.164 to leave out, for instance after an opt-out. Only hashes of them are kept.
            **reading: ``encoding``, ``delimiter``, ``header`` and ``sheet`` of a file.

        Raises:
            BadRows: there are bad rows; nothing was created.
            InvalidArgument: the name, the content or a setting breaks its rule.
            CampaignError: the file cannot be read, was changed meanwhile, a column is missing, or there is a campaign
                of this name.
            ConfigurationError: an extra is missing.
        """
        content.check()
        path = paths.ledger_path(name, folder)
        bad = create_ledger(
            path,
            name,
            source,
            content,
            number=number,
            columns=columns,
            country=country,
            mobile_only=not content.is_call if mobile_only is None else mobile_only,
            skip_bad=skip_bad,
            suppressed=suppress,
            reading=reading,
        )
        campaign = cls(name, SqliteLedger(path))
        campaign.bad = bad
        return campaign

    @classmethod
    def open(cls, name: str, *, folder: str | os.PathLike[str] | None = None) -> Self:
        """Open a campaign that was created before.

        Raises:
            CampaignError: there is none of this name.
        """
        path = paths.ledger_path(name, folder)
        if not path.is_file():
            raise CampaignError(f"there is no campaign {name}")
        return cls(name, SqliteLedger(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Campaign({self.name!r})"

    def close(self) -> None:
        """Give the file up. Closing twice does nothing."""
        self.ledger.close()

    @property
    def state(self) -> str:
        """``created``, ``running``, ``paused``, ``stopped``, ``expired``, ``cancelled``, ``finished`` or ``purged``.

        After a death it is ``running`` until the next run begins; ``is_running`` tells that.
        """
        return str(self.ledger.get("state"))

    @property
    def is_running(self) -> bool:
        """Whether this process, or another, runs it just now."""
        return self._run is not None or self.ledger.is_locked_elsewhere()

    @property
    def reference_prefix(self) -> str:
        """What the reference of each message begins with; a hyphen and the recipient's place follow."""
        return self._uid

    def is_created_from(self, source: str | os.PathLike[str]) -> bool:
        """Whether the campaign was made from this file as it is now."""
        return bool(self.ledger.get("source") == hash_file(source))

    def plan(self, limits: Limits | None = None) -> Plan:
        """Reckon what is left to be sent, without sending it."""
        return plan(self.ledger, self.content, limits or self.limits)

    def tally(self) -> Tally:
        """Return the figures."""
        return self.ledger.tally()

    def recipient_statuses(self) -> Iterator[RecipientStatus]:
        """Return where everybody stands, in the order of the list."""
        return self.ledger.recipient_statuses()

    async def send_test(self, client: AsyncClient, number: str) -> str:
        """Send what the first recipient would get to a number of your own; return the msgid or callid.

        Raises:
            InvalidArgument: the number is none.
            APIError: it could not be sent.
        """
        first = next(self.ledger.recipients(1, 1))
        reference = f"{self._uid}-test-{secrets.token_hex(4)}"
        return await self.content.send(client, number, first.variables, reference=reference)

    def purge(self) -> int:
        """Remove numbers, variables, ids and text for good and keep the figures; return how many recipients there were.

        Raises:
            CampaignError: it has not come to its end, so it could not go on afterwards.
        """
        self.ledger.lock()
        if self.state not in {"finished", "cancelled", "expired"}:
            raise CampaignError(f"{self.name} is {self.state}: cancel it first, or let it come to its end")
        self.ledger.put({"figures": Statistics(self.recipient_statuses()).keep()})
        count = self.ledger.purge()
        nameless = msgspec.structs.replace(self.content, message="-")
        self.ledger.put({"content": msgspec.to_builtins(nameless), "state": "purged", "input": {}})
        return count
