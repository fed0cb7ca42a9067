"""The outbox in Django's admin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.utils import timezone
from django.utils.formats import date_format

from xoxzo.cloudpy.campaigns.records import State, outcome_reason
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.integrations.django.conf import _, translate
from xoxzo.cloudpy.integrations.django.models import OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.enqueue import wake_after_commit
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    Base = admin.ModelAdmin[OutboxMessage]
else:
    Base = admin.ModelAdmin


class NoAdding:
    """Hides the forms that add rows: only programs add them."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return ``False``."""
        del request, obj
        return False


@admin.register(OutboxMessage)
class OutboxAdmin(NoAdding, Base):
    """Lists the outbox, newest first, without texts and with masked numbers; a whole number can be searched for."""

    list_display = ("created", "kind", "number", "reference", "state", "why", "attempts", "ident")
    list_filter = ("state", "kind")
    search_fields: ClassVar = ["=recipient", "=reference", "=ident"]
    date_hierarchy = "created"
    fields = (*list_display, "sent_at")
    readonly_fields = fields
    actions = ("send_again", "assume_sent")

    @admin.display(description=_("recipient"))
    def number(self, row: OutboxMessage) -> str:
        """Return the masked number."""
        return mask_number(row.recipient)

    @admin.display(description=_("Reason"))
    def why(self, row: OutboxMessage) -> str:
        """Return why it has its state."""
        return outcome_reason(row.error, translate)

    @admin.display(description=_("sent"))
    def sent_at(self, row: OutboxMessage) -> str:
        """Return when Xoxzo has accepted it."""
        moment = timezone.localtime(datetime.fromtimestamp(row.accepted, UTC)) if row.accepted else None
        return "" if moment is None else date_format(moment, "DATETIME_FORMAT")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a row; there is nothing to save."""
        hidden = dict.fromkeys(("show_save", "show_save_and_continue"), False)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **hidden})

    @admin.action(description=_("Send again what was not sent"), permissions=["change"])
    def send_again(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> None:
        """Send again what Xoxzo has refused and what has expired; leave alone what may have been sent."""
        total, outbox = rows.count(), Outbox(rows.db)
        count = outbox.send_again(rows)
        wake_after_commit(rows.db)
        messages.success(request, _("{count} will be sent again").format(count=count))
        if left := total - count:
            refused = _("{count} are left alone: they may have been sent, or are waiting")
            messages.warning(request, refused.format(count=left))

    @admin.action(description=_("Treat unknown ones as sent"), permissions=["change"])
    def assume_sent(self, request: HttpRequest, rows: QuerySet[OutboxMessage]) -> None:
        """Decide that unknown ones were sent: they are not looked up any more."""
        outbox = Outbox(rows.db)
        count = sum(outbox.settle(row, State.ASSUMED, "assumed_sent") for row in rows)
        messages.success(request, _("{count} are treated as sent").format(count=count))
