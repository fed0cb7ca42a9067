"""One message to very many people: never lost, never doubled, honest about every recipient.

No message is submitted twice and none is silently dropped; what cannot be proven is reported as unknown, never guessed.
"""

from .campaign import Campaign
from .content import Content
from .create import BadRows
from .inputs import BadRow
from .limits import Limits
from .quiet_hours import QuietHours
from .records import Recipient, State, Tally, Unsettled
from .report.plan import Plan
from .sending.events import Event, Result

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
