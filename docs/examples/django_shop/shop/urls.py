"""The shop's URLs, with the callback URLs."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.sms import SmsMessage

from .bookings import book
from .otp import login_form, request_code, verify_code


@ensure_csrf_cookie
@require_http_methods(["GET", "POST"])
def reminder(request: HttpRequest, booking: str) -> JsonResponse:
    """Send a reminder (POST), or return its status (GET)."""
    if request.method == "POST":
        message = SmsMessage(recipient=request.POST["phone"], message="ご予約は明日18時です。", reference=booking)
        message.send()
        return JsonResponse({"msgid": message.sent.msgid})
    delivery = Delivery.objects.filter(reference=booking).first()
    return JsonResponse({"status": delivery.status if delivery else "unknown"})


urlpatterns = [
    path("bookings/", book),
    path("bookings/<str:booking>/reminder", reminder),
    path("login/", login_form),
    path("login/request", request_code),
    path("login/verify", verify_code),
    path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls")),
]
