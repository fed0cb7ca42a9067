"""What comes back from Xoxzo, as plain frozen values.

Every value keeps the server's whole record in ``raw``, unknown fields included. A ``repr`` masks phone numbers and
leaves ``raw`` and texts out, so that a value may be logged.
"""

from __future__ import annotations

from xoxzo.cloudpy.models.account import Credits as Credits
from xoxzo.cloudpy.models.base import Model as Model
from xoxzo.cloudpy.models.calls import (
    Call as Call,
    CallStatus as CallStatus,
    Conference as Conference,
    ConferenceParticipant as ConferenceParticipant,
    StartedCall as StartedCall,
    StartedConference as StartedConference,
)
from xoxzo.cloudpy.models.lookup import CarrierLookup as CarrierLookup
from xoxzo.cloudpy.models.numbers import (
    DialInNumber as DialInNumber,
    DialInSubscription as DialInSubscription,
    SmsInNumber as SmsInNumber,
    SmsInSubscription as SmsInSubscription,
)
from xoxzo.cloudpy.models.otp import (
    OtpRequest as OtpRequest,
    OtpVerification as OtpVerification,
    OtpWebsite as OtpWebsite,
)
from xoxzo.cloudpy.models.sms import (
    FoundMessages as FoundMessages,
    LinkTracking as LinkTracking,
    Message as Message,
    MessageStatus as MessageStatus,
    SentMessage as SentMessage,
)
from xoxzo.cloudpy.models.templates import (
    RenderedText as RenderedText,
    Template as Template,
    TemplateStatus as TemplateStatus,
)
