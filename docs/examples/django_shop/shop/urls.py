"""The shop's URLs, Xoxzo's among them."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.sms import SmsMessage

from .otp import request_code, verify_code


@csrf_exempt
def reminder(request: HttpRequest, booking: str) -> JsonResponse:
    """Send a reminder, whose report comes to /xoxzo, or tell what became of it."""
    if request.method == "POST":
        message = SmsMessage(recipient=request.GET["phone"], message="ご予約は明日18時です。", reference=booking)
        message.send()
        return JsonResponse({"msgid": message.sent.msgid})
    delivery = Delivery.objects.filter(reference=booking).first()
    return JsonResponse({"status": delivery.status if delivery else "unknown"})


urlpatterns = [
    path("bookings/<str:booking>/reminder", reminder),
    path("codes/request", request_code),
    path("codes/verify", verify_code),
    path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls")),
]
