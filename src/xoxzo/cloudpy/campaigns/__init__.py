"""One message to very many people: never lost, never doubled, honest about every recipient.

No message is submitted twice and none is silently dropped; what cannot be proven is reported as unknown, never guessed.
"""

from .campaign import Campaign
from .content import Content
from .creating import BadRows
from .inputs import BadRow
from .limits import Event, Limits, Result
from .planning import Plan
from .quiet import QuietHours
from .records import Recipient, State, Tally, Unsettled

__all__ = [
    "BadRow",
    "BadRows",
    "Campaign",
    "Content",
    "Event",
    "Limits",
    "Plan",
    "QuietHours",
    "Recipient",
    "Result",
    "State",
    "Tally",
    "Unsettled",
]
