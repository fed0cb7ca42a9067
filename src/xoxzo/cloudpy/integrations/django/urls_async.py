"""The callback URLs with an asynchronous view, for projects served by ASGI."""

from __future__ import annotations

from django.urls import path

from xoxzo.cloudpy.integrations.django.views import receive_async

app_name = "xoxzo"
urlpatterns = [path("<str:purpose>/<str:token>", receive_async, name="callback")]
