"""A device for django-otp that uses Xoxzo's one-time passwords: an application of its own, with a table.

Add ``"xoxzo.cloudpy.integrations.django.login.otp"`` to ``INSTALLED_APPS``, beside ``"django_otp"``.
"""
