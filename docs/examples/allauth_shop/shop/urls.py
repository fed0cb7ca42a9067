"""The shop's URLs: those of django-allauth, and a page for customers who have logged in."""

from allauth.account.views import SignupView
from allauth.core.exceptions import RateLimited
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


class Signup(SignupView):
    """Sign up."""

    def form_valid(self, form):
        """Say so when a number signs up again within 30 seconds; django-allauth raises that as an error."""
        try:
            return super().form_valid(form)
        except RateLimited:
            form.add_error(None, "Too many attempts. Try again in a minute.")
            return self.form_invalid(form)


@login_required
def orders(request: HttpRequest) -> HttpResponse:
    """Show what only its customer may see."""
    return HttpResponse(f"Orders of {request.user.phone}")


urlpatterns = [
    path("", orders),
    path("accounts/signup/", Signup.as_view(), name="account_signup"),
    path("accounts/", include("allauth.urls")),
]
