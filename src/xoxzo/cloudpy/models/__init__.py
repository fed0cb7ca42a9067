"""What comes back from Xoxzo, as plain frozen values.

Every value keeps the server's whole record in ``raw``, unknown fields included. A ``repr`` masks phone numbers and
leaves ``raw`` and texts out, so that a value may be logged.
"""

from xoxzo.cloudpy.models.account import Credits
from xoxzo.cloudpy.models.base import Model
from xoxzo.cloudpy.models.calls import (
    Call,
    CallStatus,
    Conference,
    ConferenceParticipant,
    StartedCall,
    StartedConference,
)
from xoxzo.cloudpy.models.lookup import CarrierLookup
from xoxzo.cloudpy.models.numbers import DialInNumber, DialInSubscription, SmsInNumber, SmsInSubscription
from xoxzo.cloudpy.models.otp import OtpRequest, OtpVerification, OtpWebsite
from xoxzo.cloudpy.models.sms import FoundMessages, LinkTracking, Message, MessageStatus, SentMessage
from xoxzo.cloudpy.models.templates import RenderedText, Template, TemplateStatus

__all__ = [
    "Call",
    "CallStatus",
    "CarrierLookup",
    "Conference",
    "ConferenceParticipant",
    "Credits",
    "DialInNumber",
    "DialInSubscription",
    "FoundMessages",
    "LinkTracking",
    "Message",
    "MessageStatus",
    "Model",
    "OtpRequest",
    "OtpVerification",
    "OtpWebsite",
    "RenderedText",
    "SentMessage",
    "SmsInNumber",
    "SmsInSubscription",
    "StartedCall",
    "StartedConference",
    "Template",
    "TemplateStatus",
]
