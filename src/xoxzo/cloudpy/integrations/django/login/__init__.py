"""Codes by SMS and call for django-two-factor-auth, django-otp and django-allauth."""
