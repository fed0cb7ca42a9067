"""The callback URLs with an asynchronous view, for projects served by ASGI."""

from __future__ import annotations

from django.urls import path, re_path

from xoxzo.cloudpy.integrations.django.callbacks.views import opt_out_async, receive_async

app_name = "xoxzo"
# Whoever adds a slash to the URL reaches the same view: a redirect would lose the body of a POST.
urlpatterns = [
    path("o/<str:token>", opt_out_async, name="opt_out"),
    re_path(r"^(?P<purpose>[^/]+)/(?P<token>[^/]+)/?$", receive_async, name="callback"),
]
