"""The delivery log in the admin: to look at, not to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from .models import Delivery

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Delivery]
else:
    Base = admin.ModelAdmin


@admin.register(Delivery)
class DeliveryAdmin(Base):
    """Lists deliveries by time, with search by id and reference."""

    list_display = ("updated", "kind", "ident", "reference", "status", "final", "clicked", "cost")
    list_filter = ("kind", "status", "final", "clicked")
    search_fields: ClassVar = ["ident", "reference"]
    date_hierarchy = "created"

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds what was not sent."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody changes what happened."""
        del request, obj
        return False
