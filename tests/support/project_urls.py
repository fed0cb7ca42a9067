"""The URLs of the Django project of the tests."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls")),
    path("async/", include(("xoxzo.cloudpy.integrations.django.urls_async", "xoxzo-async"))),
    path("admin/", admin.site.urls),
]
