"""Records of one-time passwords (API section 7)."""

from __future__ import annotations

from xoxzo.cloudpy.models.base import Model

__all__ = ["OtpRequest", "OtpVerification", "OtpWebsite"]


class OtpWebsite(Model, frozen=True, kw_only=True):
    """A website that is registered for one-time passwords (API section 7.1).

    Attributes:
        website: the name that was registered; requests must name it in exactly the same way.
        message: the server's sentence.
    """

    website: str
    message: str = ""


class OtpRequest(Model, frozen=True, kw_only=True):
    """A one-time password that is being sent (API section 7.2). The code itself is never returned.

    Attributes:
        msgid: the id of the SMS.
        otp_id: the id with which Xoxzo's tutorial verifies a code. The documented reply has no such field, so this is
            the ``msgid`` unless the server sends one (API section 15.55).
    """

    msgid: str
    otp_id: str


class OtpVerification(Model, frozen=True, kw_only=True):
    """The result of verifying a code (API section 7.3).

    Attributes:
        verified: whether the server accepted the code; ``False`` for a wrong, expired or used code.
        message: the server's sentence; a ``repr`` leaves it out, because it may contain the code.
    """

    verified: bool
    message: str = ""
