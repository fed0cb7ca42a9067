"""Take the objects that programs have where a text or a number is expected, such as Django's lazy translations."""

from __future__ import annotations

import sys


def plain(value: object) -> object:
    """Return plain text for an object that stands for a text or a phone number; any other object as it is.

    Django's lazy translations become text in the language that is active now, and subclasses of ``str`` (Django's
    ``SafeString``) plain text, which msgspec needs. A ``PhoneNumber`` of phonenumbers or django-phonenumber-field
    becomes E.164, and not what ``str()`` shows; one that is not valid becomes what was typed, if that is known.
    """
    kind = type(value)
    if kind is str:
        return value
    if issubclass(kind, str):
        return str.__str__(value)  # str() would return a SafeString unchanged
    # Whoever has such an object has loaded its module.
    django, numbers = sys.modules.get("django.utils.functional"), sys.modules.get("phonenumbers")
    if isinstance(value, str) or (django is not None and isinstance(value, django.Promise)):
        return plain(str(value))  # the first are objects that only look like a str: Django's SimpleLazyObject
    if numbers is not None and isinstance(value, numbers.PhoneNumber):
        if numbers.is_valid_number(value) and not value.extension:
            return numbers.format_number(value, numbers.PhoneNumberFormat.E164)
        return value.raw_input or value
    return value
