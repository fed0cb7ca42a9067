"""The delivery log in Django's admin, read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from xoxzo.cloudpy.integrations.django.models import Delivery

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Delivery]
else:
    Base = admin.ModelAdmin


@admin.register(Delivery)
class DeliveryAdmin(Base):
    """Lists deliveries, newest first, with search by id and reference."""

    list_display = ("updated", "kind", "ident", "reference", "status", "final", "clicked", "cost")
    list_filter = ("kind", "status", "final", "clicked")
    search_fields: ClassVar = ["ident", "reference"]
    date_hierarchy = "created"

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return ``False``: only the delivery log adds rows."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return ``False``: only the delivery log changes rows."""
        del request, obj
        return False
