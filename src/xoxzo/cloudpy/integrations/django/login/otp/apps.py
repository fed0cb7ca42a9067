"""The configuration of the application."""

from __future__ import annotations

from django.apps import AppConfig

from xoxzo.cloudpy.integrations.django.conf import _


class XoxzoOtpConfig(AppConfig):
    """Devices with one-time passwords by SMS."""

    name = "xoxzo.cloudpy.integrations.django.login.otp"
    label = "xoxzo_otp"
    verbose_name = _("Xoxzo one-time passwords")
    default_auto_field = "django.db.models.BigAutoField"
