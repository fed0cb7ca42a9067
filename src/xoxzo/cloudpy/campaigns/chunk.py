"""The work of one task of a queue: for shops that spread a campaign over workers of their own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xoxzo.cloudpy.campaigns.runner import deliver

if TYPE_CHECKING:
    from xoxzo.cloudpy.campaigns.clock import SteadyClock
    from xoxzo.cloudpy.campaigns.ledger import Ledger
    from xoxzo.cloudpy.campaigns.runner import Post


async def send_chunk(ledger: Ledger, epoch: int, post: Post, clock: SteadyClock, *, size: int = 100) -> bool:
    """Claim one chunk, send to everybody in it, and write down what became of them.

    A task of Celery, of Django or of cron is a wake-up that calls this. Losing the task loses nothing and repeating it
    doubles nothing, since the ledger decides who is sent to. Tasks that share a ledger share its epoch.

    Args:
        ledger: where the campaign stands.
        epoch: what the ledger's `begin` returned.
        post: sends to one recipient and returns the msgid or callid.
        clock: the time.
        size: how many recipients to take at most.

    Returns:
        Whether anything is left that could be claimed now or later.

    Raises:
        CampaignError: the ledger cannot be written, or another run has taken the campaign over.
    """
    claim = ledger.claim(epoch, size, clock.now())
    ended = await asyncio.gather(*(deliver(post, one, claim.ident, clock) for one in claim.recipients))
    ledger.note([outcome for outcome, _ in ended], epoch)
    for _, failure in ended:
        if failure is not None and not isinstance(failure, Exception):
            raise failure
    return claim.more
