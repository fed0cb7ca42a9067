"""Records of one-time passwords (API section 7)."""

from __future__ import annotations

from xoxzo.cloudpy.models.base import Model

__all__ = ["OtpRequest", "OtpVerification", "OtpWebsite"]


class OtpWebsite(Model, frozen=True, kw_only=True):
    """A website that is registered for one-time passwords (API section 7.1)."""

    website: str
    """The name that was registered; requests must name it in exactly the same way."""
    message: str = ""
    """The server's sentence."""


class OtpRequest(Model, frozen=True, kw_only=True):
    """A one-time password that is being sent (API section 7.2). The code itself is never returned."""

    msgid: str
    """The id of the SMS."""
    otp_id: str
    """The id with which Xoxzo's tutorial verifies a code. The documented reply has no such field, so this is the
    ``msgid`` unless the server sends one (API section 15.55)."""


class OtpVerification(Model, frozen=True, kw_only=True):
    """The result of verifying a code (API section 7.3)."""

    verified: bool
    """Whether the server accepted the code; ``False`` for a wrong, expired or used code."""
    message: str = ""
    """The server's sentence; a ``repr`` leaves it out, because it may contain the code."""
