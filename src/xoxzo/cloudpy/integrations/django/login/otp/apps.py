"""The configuration of the application."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.i18n import _


class XoxzoOtpConfig(AppConfig):
    """Devices with one-time passwords by SMS."""

    name = "xoxzo.cloudpy.integrations.django.login.otp"
    label = "xoxzo_otp"
    verbose_name = _("Xoxzo one-time passwords")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system check."""
        register(_check_website, "xoxzo")


def _check_website(app_configs: Any, **_more: Any) -> list[CheckMessage]:  # noqa: ANN401
    """Return an error if the setting has no website."""
    del app_configs
    if conf.get("OTP_WEBSITE"):
        return []
    hint = "Register it once: get_client().otp.register_website(website=…)."
    return [Error('XOXZO["OTP_WEBSITE"] is needed for one-time passwords.', hint=hint, id="xoxzo.E006")]
