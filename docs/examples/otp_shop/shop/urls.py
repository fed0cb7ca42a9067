"""The shop's URLs: an admin that asks for a one-time password."""

from django.contrib import admin
from django.urls import path
from django_otp.admin import OTPAdminSite

# The first user needs a device before this: `manage.py shell`, or an admin without passwords during the set-up.
admin.site.__class__ = OTPAdminSite

urlpatterns = [path("admin/", admin.site.urls)]
