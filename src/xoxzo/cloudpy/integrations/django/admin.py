"""The delivery log, the outbox and the campaigns in Django's admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format

from xoxzo.cloudpy.campaigns import Campaign as OpenCampaign, OptOut, OptOuts, State
from xoxzo.cloudpy.campaigns.records import outcome_reason
from xoxzo.cloudpy.campaigns.report.html import STATES
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django import campaigns, conf
from xoxzo.cloudpy.integrations.django.conf import _, active_language, translate
from xoxzo.cloudpy.integrations.django.models import Campaign, Delivery, OutboxMessage
from xoxzo.cloudpy.integrations.django.outbox.enqueue import wake_after_commit
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox

_SHOWN_OPT_OUTS = 50
_ENDED = frozenset({"finished", "cancelled", "expired", "purged"})
_ACTIONS: dict[str, tuple[Any, Callable[[OpenCampaign], None]]] = {
    "pause": (_("Pause"), lambda campaign: campaign.pause()),
    "resume": (_("Resume"), campaigns.resume_campaign),
    "cancel": (_("Cancel for good"), lambda campaign: campaign.cancel()),
}


def _never(self: object, request: HttpRequest, obj: object = None) -> bool:
    """Return ``False``: only programs write rows."""
    del self, request, obj
    return False


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # Django's own takes no argument
    """Lists deliveries, newest first, with search by id and reference."""

    list_display = ("updated", "kind", "ident", "reference", "status", "final", "clicked", "cost")
    list_filter = ("kind", "status", "final", "clicked")
    search_fields: ClassVar = ["ident", "reference"]
    date_hierarchy = "created"
    has_add_permission = has_change_permission = _never


@admin.register(OutboxMessage)
class OutboxAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # Django's own takes no argument
    """Lists the outbox, newest first, without texts and with masked numbers; a whole number can be searched for."""

    list_display = ("created", "kind", "number", "reference", "state", "why", "attempts", "ident")
    list_filter = ("state", "kind")
    search_fields: ClassVar = ["=recipient", "=reference", "=ident"]
    date_hierarchy = "created"
    fields = (*list_display, "sent_at")
    readonly_fields = fields
    actions = ("send_again", "assume_sent")
    has_add_permission = _never

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


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # Django's own takes no argument
    """Shows campaigns, read from their store, with their progress; pauses, resumes and cancels them."""

    has_add_permission = _never
    # Deleting a ledger would forget who was sent to.
    has_delete_permission = _never

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may see campaigns, and the settings name their store."""
        return conf.get("CAMPAIGNS") is not None and self.has_view_permission(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Campaign | None:
        """Return a campaign by its name, for the history page."""
        del request, from_field
        return Campaign(name=object_id) if object_id in campaigns.campaign_names() else None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show all campaigns."""
        _require(self.has_view_permission(request))
        rows, names = [], []
        try:
            names = list(campaigns.campaign_names())
        except XoxzoError as error:
            messages.error(request, error.render(translate))
        for name in names:
            try:
                with campaigns.open_campaign(name) as campaign:
                    rows.append(_progress(campaign))
            except XoxzoError as error:
                messages.error(request, error.render(translate))
        labels = [_("name"), _("state"), _("sent"), _("unknown"), _("progress")]
        context = {"rows": rows, "labels": labels, "opt_outs": _("Opt-out list"), **(extra_context or {})}
        return self._page(request, "campaigns", _("campaigns"), context)

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs, with that of the opt-out list."""
        view = self.admin_site.admin_view(self.opt_outs_view)
        return [path("opt-outs/", view, name="xoxzo_campaign_opt_outs"), *super().get_urls()]

    def opt_outs_view(self, request: HttpRequest) -> HttpResponse:
        """Show since when a number is on the opt-out list; add it or remove it (POST); show the newest entries."""
        _require(self.has_view_permission(request))
        number, found, newest = request.GET.get("number", "").strip(), None, []
        try:
            opt_outs = OptOuts(conf.campaigns_address())
            if request.method == "POST":
                return self._change_opt_out(request, opt_outs)
            found = opt_outs.get(number) if number else None
            newest = [(one.hash.hex()[:8], _moment(one), one.source) for one in opt_outs.newest(_SHOWN_OPT_OUTS)]
        except XoxzoError as error:
            number = ""
            messages.error(request, error.render(translate))
        context = {
            "number": number,
            "found": found and (_moment(found), found.source),
            "newest": newest,
            "can_change": self.has_change_permission(request),
            "labels": [_("hash"), _("since"), _("source")],
            "words": {"number": _("phone number"), "find": _("Look up"), "add": _("Add"), "remove": _("Remove")},
            "none": _("not on the list"),
        }
        return self._page(request, "opt_outs", _("Opt-out list"), context)

    def _change_opt_out(self, request: HttpRequest, opt_outs: OptOuts) -> HttpResponse:
        _require(self.has_change_permission(request))
        number = request.POST.get("number", "")
        if request.POST.get("action") == "remove":
            opt_outs.remove([number])
        else:
            opt_outs.add([number], source=request.POST.get("source") or request.user.get_username())
        return HttpResponseRedirect(f"{request.path}?{urlencode({'number': number})}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a campaign, or its report; or pause, resume or cancel it (POST)."""
        del form_url
        _require(self.has_view_permission(request))
        try:
            with campaigns.open_campaign(unquote(object_id)) as campaign:
                if request.method == "POST":
                    return self._act(request, campaign)
                if "report" in request.GET:
                    return HttpResponse(campaign.render_report(language="ja" if active_language() == "ja" else "en"))
                tally = campaign.tally()
                counts = [(_(label), tally[state]) for state, (label, _kind) in STATES.items() if tally[state]]
                may_act = self.has_change_permission(request) and campaign.state not in _ENDED
                context = {
                    "counts": counts,
                    "actions": list(_ACTIONS.items()) if may_act else [],
                    "report": _("Report"),
                    "reason": campaign.reason.render(translate),
                    **(extra_context or {}),
                }
                return self._page(request, "campaign", campaign.name, {"campaign": _progress(campaign), **context})
        except XoxzoError as error:
            messages.error(request, error.render(translate))
            return HttpResponseRedirect(reverse("admin:xoxzo_campaign_changelist"))

    def _act(self, request: HttpRequest, campaign: OpenCampaign) -> HttpResponse:
        _require(self.has_change_permission(request))
        action = request.POST.get("action", "")
        if action not in _ACTIONS:
            raise Http404
        label, act = _ACTIONS[action]
        if action == "cancel" and "confirmed" not in request.POST:
            question = _("Cancel this campaign? The remaining recipients get nothing, and it cannot be resumed.")
            context = {"campaign": _progress(campaign), "question": question, "confirm": (action, label)}
            return self._page(request, "campaign", campaign.name, context)
        act(campaign)
        self.log_change(request, Campaign(name=campaign.name), str(label))
        messages.success(request, f"{campaign.name}: {label}")
        return HttpResponseRedirect(request.path)

    def _page(self, request: HttpRequest, template: str, title: object, context: dict[str, Any]) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/xoxzo/{template}.html", {**shared, **context})


def _moment(entry: OptOut) -> datetime:
    return datetime.fromtimestamp(entry.since, UTC)


def _require(permission: bool) -> None:
    if not permission:
        raise PermissionDenied


def _progress(campaign: OpenCampaign) -> dict[str, Any]:
    tally, state = campaign.tally(), campaign.state
    return {
        "name": campaign.name,
        "state": _(state),
        "url": reverse("admin:xoxzo_campaign_change", args=(quote(campaign.name),)),
        "sent": tally.sent,
        "total": tally.total,
        "notice": _("Nobody is working on it: is a Celery worker running?") if campaign.is_abandoned else "",
        "unknown": tally[State.UNKNOWN],
    }
