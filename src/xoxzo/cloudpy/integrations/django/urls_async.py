"""The callback URLs with asynchronous views, for projects served by ASGI: the database and receivers use a thread."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.urls import path, re_path

from xoxzo.cloudpy.integrations.django.callbacks.views import opt_out, receive

app_name = "xoxzo"
# Whoever adds a slash to the URL reaches the same view: a redirect would lose the body of a POST.
urlpatterns = [
    path("o/<str:token>", sync_to_async(opt_out), name="opt_out"),
    re_path(r"^(?P<purpose>[^/]+)/(?P<token>[^/]+)/?$", sync_to_async(receive), name="callback"),
]
