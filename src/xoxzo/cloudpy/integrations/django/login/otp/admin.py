"""The phones of users in Django's admin."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model

from xoxzo.cloudpy.integrations.django.login.otp.models import XoxzoDevice


@admin.register(XoxzoDevice)
class XoxzoDeviceAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # Django's own takes no argument
    """Lists the phones, with search by user name."""

    list_display = ("user", "name", "confirmed", "created_at", "last_used_at")
    list_filter = ("confirmed",)
    raw_id_fields = ("user",)
    fields = ("user", "name", "number", "confirmed", "created_at", "last_used_at")
    readonly_fields: ClassVar = ["created_at", "last_used_at"]
    search_fields: ClassVar = [f"user__{get_user_model().USERNAME_FIELD}"]
