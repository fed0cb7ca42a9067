"""Xoxzo's telephony API in Python: SMS, voice calls, dial-in numbers, and a simulator to build against.

New programs use ``Client`` and ``AsyncClient``; ``XoxzoClient`` runs programs written for 0.5 unchanged.
Nothing is loaded before it is asked for.
"""

from xoxzo.cloudpy.common.version import __version__

# Type checkers take this as true; importing `typing` for it would cost more than this whole module may.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from xoxzo.cloudpy import cloudpy as cloudpy
    from xoxzo.cloudpy.client.async_client import AsyncClient as AsyncClient
    from xoxzo.cloudpy.client.client import Client as Client
    from xoxzo.cloudpy.client.results import (
        RawResponse as RawResponse,
        SendResult as SendResult,
        SendResults as SendResults,
    )
    from xoxzo.cloudpy.cloudpy import XoxzoClient as XoxzoClient, XoxzoResponse as XoxzoResponse
    from xoxzo.cloudpy.errors import *
    from xoxzo.cloudpy.models import *
    from xoxzo.cloudpy.protocols import Attempt as Attempt, SendOptions as SendOptions, SmsOptions as SmsOptions

# In which module each public name lives; a test compares this with the imports above.
_MODULES = {
    "client.async_client": "AsyncClient",
    "client.client": "Client",
    "client.results": "RawResponse SendResult SendResults",
    "cloudpy": "XoxzoClient XoxzoResponse",
    "errors": """
        APIError AuthenticationFailed BadRequest CallbackRejected CampaignError CodedError ConfigurationError
        ConnectionFailed InvalidArgument NotEnoughCredits NotFound PermissionDenied RateLimited ResponseLost ServerError
        SimulatorError StatusError TimedOut UnexpectedResponse UnverifiedValueWarning XoxzoError""",
    "models": """
        Call CallStatus CarrierLookup Conference ConferenceParticipant Credits DialInNumber DialInSubscription
        FoundMessages LinkTracking Message MessageStatus OtpRequest OtpVerification OtpWebsite RenderedText SentMessage
        SmsInNumber SmsInSubscription StartedCall StartedConference Template TemplateStatus""",
    "protocols": "Attempt SendOptions SmsOptions",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}
_PACKAGES = {module.partition(".")[0] for module in _MODULES}

__all__ = ["__version__", *_MODULE_OF]  # noqa: PLE0604 - the names come from the table above

if not TYPE_CHECKING:  # else a misspelt name would pass as any object

    def __getattr__(name: str) -> object:
        home = _MODULE_OF.get(name)
        if home is None and name not in _PACKAGES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        if home is None:
            # Programs of 0.5 reach a module by its name after "import xoxzo.cloudpy".
            return import_module(f"{__name__}.{name}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULE_OF})
