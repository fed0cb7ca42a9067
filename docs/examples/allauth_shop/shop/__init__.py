"""A shop whose customers sign up and log in by their phone number: django-allauth."""
