"""A shop whose customers log in with a code by SMS or by a call: django-two-factor-auth."""
