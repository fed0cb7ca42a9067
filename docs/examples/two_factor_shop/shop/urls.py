"""The shop's URLs: those of django-two-factor-auth, and a page for customers who have logged in with a code."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django_otp.decorators import otp_required
from two_factor.urls import urlpatterns as two_factor_urls


@otp_required
def orders(request: HttpRequest) -> HttpResponse:
    """Show what only its customer may see."""
    return HttpResponse(f"Orders of {request.user.get_username()}")


urlpatterns = [path("", orders), path("", include(two_factor_urls))]
