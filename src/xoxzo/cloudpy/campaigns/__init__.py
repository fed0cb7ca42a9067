"""Send one message to very many people: none is sent twice or silently dropped, and what is not proven is unknown."""

from __future__ import annotations

from xoxzo.cloudpy.campaigns.campaign import Campaign
from xoxzo.cloudpy.campaigns.compare import Comparison, Difference, Variant, compare
from xoxzo.cloudpy.campaigns.content import Content
from xoxzo.cloudpy.campaigns.inputs.recipients import BadRow, BadRows
from xoxzo.cloudpy.campaigns.ledger.opt_outs import OptOut
from xoxzo.cloudpy.campaigns.limits import Limits, Schedule
from xoxzo.cloudpy.campaigns.opt_outs import OptOutEndpoint, OptOutLinks, OptOutPage, OptOuts
from xoxzo.cloudpy.campaigns.records import Event, Reason, Recipient, RecipientStatus, Result, State, Tally, Unsettled
from xoxzo.cloudpy.campaigns.report.plan import Plan
from xoxzo.cloudpy.campaigns.sending.rehearsal import Rehearsal

__all__ = ["BadRow", "BadRows", "Campaign", "Comparison", "Content", "Difference", "Event", "Limits", "OptOut"]
__all__ += ["OptOutEndpoint", "OptOutLinks", "OptOutPage", "OptOuts", "Plan", "Reason", "Recipient", "RecipientStatus"]
__all__ += ["Rehearsal", "Result", "Schedule", "State", "Tally", "Unsettled", "Variant", "compare"]
