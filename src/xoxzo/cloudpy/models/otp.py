"""One-time passwords (API section 7)."""

from __future__ import annotations

from xoxzo.cloudpy.models.base import Model

__all__ = ["OtpRequest", "OtpVerification", "OtpWebsite"]


class OtpWebsite(Model, frozen=True, kw_only=True):
    """A website that one-time passwords may be asked for (API section 7.1).

    Attributes:
        website: as it was registered; requests must name it in the same words.
        message: the server's sentence.
    """

    website: str
    message: str = ""


class OtpRequest(Model, frozen=True, kw_only=True):
    """A code that is on its way to a phone (API section 7.2). The code itself is never returned.

    Attributes:
        msgid: the SMS's id.
        otp_id: what Xoxzo's tutorial verifies a code with. The documented reply has no such field, so this is the
            ``msgid`` unless the server sends one (API section 15.55).
    """

    msgid: str
    otp_id: str


class OtpVerification(Model, frozen=True, kw_only=True):
    """Whether a code was right (API section 7.3).

    Attributes:
        verified: whether the server took the code. ``False`` for one that is wrong, expired or used up.
        message: the server's sentence; a ``repr`` leaves it out, since it may repeat the code.
    """

    verified: bool
    message: str = ""
