"""Send one chunk of a campaign, as one task of a task queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.limits import Limits
from xoxzo.cloudpy.campaigns.sending.send_errors import classify_error
from xoxzo.cloudpy.campaigns.sending.sender import send_one
from xoxzo.cloudpy.errors import CampaignError

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger import Ledger
    from xoxzo.cloudpy.campaigns.sending.sender import Post


async def send_chunk(
    ledger: Ledger, epoch: int, post: Post, clock: SteadyClock, *, size: int = 100, limits: Limits | None = None
) -> bool:
    """Claim one chunk, send to its recipients, and record the outcomes.

    A task of Celery, of Django or of cron calls this. A repeated task sends nothing twice, since the ledger decides who
    is sent to. Tasks that share a ledger share its epoch.

    Args:
        ledger: the campaign's ledger.
        epoch: what the ledger's `begin` returned.
        post: sends to one recipient and returns the msgid or callid.
        clock: the time.
        size: how many recipients to claim at most.
        limits: ``max_cost``, ``quiet`` and ``expires`` are applied; how many tasks run at once, and how often, is
            decided by the queue.

    Returns:
        Whether anything is left that could be claimed now or later; ``False`` while a pause is requested.

    Raises:
        CampaignError: the ledger cannot be written, another run has taken the campaign over, the budget is spent, or
            the account is refused.
    """
    limits = limits or Limits()
    wall = clock.wall()
    if ledger.get("requested") in {"pause", "cancel"} or (limits.expires is not None and wall >= limits.expires):
        return False
    quiet = limits.quiet
    quiet_until = None if quiet is None else lambda zone: quiet.until(zone, wall)
    claim = ledger.claim(epoch, size, clock.now(), budget=limits.max_cost, quiet_until=quiet_until)
    sent = await asyncio.gather(*(send_one(post, one, claim.ident, clock) for one in claim.recipients))
    ledger.record([outcome for outcome, _ in sent], epoch)
    for _, error in sent:
        if error is not None and not isinstance(error, Exception):
            raise error
        if error is not None and (reason := classify_error(error).stop):
            raise CampaignError(reason.code, reason.template, reason.fields)
    if claim.over_budget and not claim.recipients:
        raise CampaignError("budget_spent", "the budget is spent")
    return claim.more
