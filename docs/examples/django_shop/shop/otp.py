"""Logging in by a one-time password, which Xoxzo makes, sends and checks."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from xoxzo.cloudpy.integrations.django.conf import get_client

SITE = "https://shop.example"


@csrf_exempt
def request_code(request: HttpRequest) -> JsonResponse:
    """Have a code sent to a phone."""
    sent = get_client().otp.request(website=SITE, phone_number=request.GET["phone"])
    return JsonResponse({"request": sent.otp_id})


@csrf_exempt
def verify_code(request: HttpRequest) -> JsonResponse:
    """Let somebody in if what was typed is right, and only then."""
    answer = get_client().otp.verify(website=SITE, phone_number=request.GET["phone"], code=request.GET["code"])
    return JsonResponse({"welcome": answer.verified})
