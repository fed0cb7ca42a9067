"""The callback URLs: ``path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls"))``.

``XOXZO["PUBLIC_URL"]`` is the public URL of that path.
"""

from __future__ import annotations

from django.urls import path

from xoxzo.cloudpy.integrations.django.views import receive

app_name = "xoxzo"
urlpatterns = [path("<str:purpose>/<str:token>", receive, name="callback")]
