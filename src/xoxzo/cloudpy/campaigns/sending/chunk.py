"""The work of one task of a queue: for shops that spread a campaign over workers of their own."""

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
    """Claim one chunk, send to everybody in it, and write down what became of them.

    A task of Celery, of Django or of cron is a wake-up that calls this. Losing the task loses nothing and repeating it
    doubles nothing, since the ledger decides who is sent to. Tasks that share a ledger share its epoch.

    Args:
        ledger: where the campaign stands.
        epoch: what the ledger's `begin` returned.
        post: sends to one recipient and returns the msgid or callid.
        clock: the time.
        size: how many recipients to take at most.
        limits: of them ``max_cost``, ``quiet`` and ``expires`` are kept to; how many tasks run at once, and how often,
            is the queue's to say.

    Returns:
        Whether anything is left that could be claimed now or later. Nothing is while it is wished that the campaign
        pauses.

    Raises:
        CampaignError: the ledger cannot be written, another run has taken the campaign over, the budget is spent, or
            the account is refused.
    """
    limits = limits or Limits()
    wall = clock.wall()
    if ledger.get("requested") in {"pause", "cancel"} or (limits.expires is not None and wall >= limits.expires):
        return False
    quiet = limits.quiet
    asleep = None if quiet is None else lambda zone: quiet.until(zone, wall)
    claim = ledger.claim(epoch, size, clock.now(), budget=limits.max_cost, asleep=asleep)
    ended = await asyncio.gather(*(send_one(post, one, claim.ident, clock) for one in claim.recipients))
    ledger.note([outcome for outcome, _ in ended], epoch)
    for _, failure in ended:
        if failure is not None and not isinstance(failure, Exception):
            raise failure
        if failure is not None and (reason := classify_error(failure).stop):
            raise CampaignError(reason)
    if claim.over_budget and not claim.recipients:
        raise CampaignError("the budget is spent")
    return claim.more
