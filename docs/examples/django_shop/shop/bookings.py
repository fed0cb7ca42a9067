"""Take bookings, and confirm them by SMS: both or neither."""

from datetime import date, timedelta

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from xoxzo.cloudpy.integrations.django import sms

from .models import Guest


@require_POST
def book(request: HttpRequest) -> JsonResponse:
    """Store a booking and its confirmation in one transaction. Nothing is sent if it is rolled back."""
    day = date.fromisoformat(request.POST["day"])
    with transaction.atomic():
        guest = Guest.objects.create(name=request.POST["name"], phone=request.POST["phone"], day=day)
        sms.enqueue(
            guest.phone,
            f"{guest.name}様、{day:%m/%d}のご予約を承りました。",
            reference=f"booking-{guest.pk}",
            expires_at=timezone.now() + timedelta(hours=1),
        )
        if Guest.objects.filter(day=day).count() > 2:
            transaction.set_rollback(True)
            return JsonResponse({"error": "満席です。"}, status=409)
    return JsonResponse({"booking": guest.pk})
