"""A shop whose staff log in to Django's admin with a one-time password that Xoxzo makes and verifies: django-otp."""
