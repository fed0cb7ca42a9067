"""A phone of a user to which Xoxzo sends one-time passwords (API section 7)."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django_otp.models import CooldownMixin, Device, ThrottlingMixin, TimestampMixin

from xoxzo.cloudpy.client._sync.otp import Otp
from xoxzo.cloudpy.errors import BadRequest, InvalidArgument, XoxzoError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.conf import _
from xoxzo.cloudpy.integrations.django.login.codes import quick_client
from xoxzo.cloudpy.phone import recipient_error

_log = logging.getLogger(__name__)


class CodeNotSentError(Exception):
    """No code was sent; its text is for the person who logs in."""


def check_number(number: str) -> None:
    """Refuse a number that is not in E.164."""
    if recipient_error(number) is not None:
        raise ValidationError(_("Enter the number in E.164, such as +819012345678."))


class XoxzoDevice(TimestampMixin, CooldownMixin, ThrottlingMixin, Device):  # type: ignore[misc] # has no types
    """A phone that gets one-time passwords by SMS. Xoxzo makes and verifies them, so no code is stored.

    Xoxzo has one active password for a number and a website (API section 7.2). So another one is requested only after
    ``XOXZO["OTP_SECONDS"]``. Both methods make a request to Xoxzo, of at most 15 seconds, and django-otp calls them in
    a transaction that has locked this row.
    """

    number: models.CharField[str, str] = models.CharField(_("phone number"), max_length=16, validators=[check_number])
    otp_id: models.CharField[str, str] = models.CharField(max_length=128, blank=True, default="", editable=False)

    last_generated_timestamp: datetime | None

    class Meta(Device.Meta):  # type: ignore[misc]
        abstract = False
        verbose_name = _("phone with one-time passwords")
        verbose_name_plural = _("phones with one-time passwords")

    def generate_challenge(self) -> str:
        """Request a password, unless one was requested just now; return or raise a text for the person who logs in."""
        allowed, _why = self.generate_is_allowed()
        if not allowed:
            return str(_("a code was sent by SMS a moment ago"))
        self.otp_id = ""
        # Before the request: one without an answer may have sent the SMS.
        self.cooldown_set(commit=True)
        try:
            self.otp_id = _otp().request(**self._site_and_number()).otp_id
        except XoxzoError as error:
            if isinstance(error, BadRequest) and "non_field_errors" in error.field_errors:
                # One is active (API section 15.57), requested elsewhere.
                return str(_("a code was sent by SMS a moment ago"))
            if getattr(error, "maybe_sent", False):
                _log.warning("A one-time password may have been sent: %s", error)
                return str(_("a code may arrive by SMS; if none does, try again in a few minutes"))
            _log.error("A one-time password was not sent: %s", error)
            self.cooldown_reset(commit=True)
            raise CodeNotSentError(_("the SMS could not be sent, try again later")) from None
        self.save()
        return str(_("sent by SMS"))

    def verify_token(self, token: Any) -> bool:  # noqa: ANN401 - what was typed
        """Have Xoxzo verify a password; ``False`` if that failed, or nothing was requested."""
        allowed, _why = self.verify_is_allowed()
        if not allowed or self.last_generated_timestamp is None:
            return False
        try:
            verified = _otp().verify(code=str(token), otp_id=self.otp_id or None, **self._site_and_number()).verified
        except InvalidArgument:
            verified = False
        except XoxzoError as error:
            # An exception would undo the count of failures, and answer 500.
            _log.error("A one-time password could not be verified: %s", error)
            return False
        if verified:
            self.otp_id = ""
            self.throttle_reset(commit=False)
            self.cooldown_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
            self.save()
        else:
            self.throttle_increment()
        return verified

    def get_cooldown_duration(self) -> float:
        """Return ``XOXZO["OTP_SECONDS"]``, the lifetime of a password."""
        seconds: float = conf.get("OTP_SECONDS")
        return seconds

    def get_throttle_factor(self) -> float:
        """Return 1: after failures, the next try is possible after 1, 2, 4 … seconds."""
        return 1

    def _site_and_number(self) -> dict[str, Any]:
        return {"website": str(conf.get("OTP_WEBSITE") or ""), "phone_number": self.number}


def _otp() -> Otp:
    # Without retries: the row is locked meanwhile.
    return quick_client(max_retries=0).otp
