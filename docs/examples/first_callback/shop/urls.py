"""The admin, and the callback URLs."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls"))]
