"""The callback URLs: ``path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls"))``.

``XOXZO["PUBLIC_URL"]`` is the public URL of that path.
"""

from __future__ import annotations

from django.urls import path, re_path

from xoxzo.cloudpy.integrations.django.callbacks.views import opt_out, receive

app_name = "xoxzo"
# Whoever adds a slash to the URL reaches the same view: a redirect would lose the body of a POST.
urlpatterns = [
    path("o/<str:token>", opt_out, name="opt_out"),
    re_path(r"^(?P<purpose>[^/]+)/(?P<token>[^/]+)/?$", receive, name="callback"),
]
