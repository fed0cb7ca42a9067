"""Log in with a one-time password, which Xoxzo creates, sends and verifies."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from xoxzo.cloudpy.integrations.django.conf import get_client

SITE = "https://shop.example"
FORMS = """\
<form method="post" action="request">{csrf}<input name="phone"><button>Send code</button></form>
<form method="post" action="verify">{csrf}<input name="phone"><input name="code"><button>Log in</button></form>
"""


@require_safe
def login_form(request: HttpRequest) -> HttpResponse:
    """Show the two forms. In a template, {% csrf_token %} writes the hidden field."""
    csrf = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
    return HttpResponse(format_html(FORMS, csrf=csrf))


@require_POST
def request_code(request: HttpRequest) -> JsonResponse:
    """Send a code to a phone."""
    sent = get_client().otp.request(website=SITE, phone_number=request.POST["phone"])
    return JsonResponse({"request": sent.otp_id})


@require_POST
def verify_code(request: HttpRequest) -> JsonResponse:
    """Log the user in only if the code is right."""
    result = get_client().otp.verify(website=SITE, phone_number=request.POST["phone"], code=request.POST["code"])
    return JsonResponse({"welcome": result.verified})
