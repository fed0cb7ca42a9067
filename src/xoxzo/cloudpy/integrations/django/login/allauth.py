"""The phone hooks of django-allauth: an adapter that sends its codes by SMS."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from xoxzo.cloudpy.errors import InvalidArgument
from xoxzo.cloudpy.integrations.django.conf import _
from xoxzo.cloudpy.integrations.django.login.codes import send_code
from xoxzo.cloudpy.phone import parse


class PhoneAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # the package is not always installed
    """Sends the codes, reads numbers as people type them, and stores a number in two fields of the user model.

    Set ``ACCOUNT_ADAPTER`` to this class or to a subclass, and ``ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT`` to digits:
    ``{"numeric": True, "length": 6, "dashed": False}``. A code that could not be sent is logged, and the person may
    request another one: a message would tell anybody which numbers have an account. Nothing is sent to numbers without
    an account, which would cost money for each number that somebody tries.

    Attributes:
        phone_field: the field of the user model for the number in E.164.
        phone_verified_field: the field for whether the user has proved to have it.
        country: the country of a number that is typed without a country code, as ISO 3166-1 alpha-2.
    """

    phone_field = "phone"
    phone_verified_field = "phone_verified"
    country = "JP"

    def send_verification_code_sms(self, user: AbstractBaseUser, phone: str, code: str, **_kwargs: Any) -> None:  # noqa: ANN401
        """Send a code by SMS."""
        del user
        send_code(phone, code)

    def phone_form_field(self, **kwargs: Any) -> forms.Field:  # noqa: ANN401 - arguments of the field
        """Return a field that takes a number as people type it, such as ``090-1234-5678``."""
        return TypedPhoneField(self, **kwargs)

    def set_phone(self, user: AbstractBaseUser, phone: str, verified: bool) -> None:
        """Store a number."""
        setattr(user, self.phone_field, phone)
        setattr(user, self.phone_verified_field, verified)
        user.save(update_fields=[self.phone_field, self.phone_verified_field])

    def get_phone(self, user: AbstractBaseUser) -> tuple[str, bool] | None:
        """Return the number of a user, and whether it is verified; ``None`` without one."""
        phone = getattr(user, self.phone_field)
        return (phone, getattr(user, self.phone_verified_field)) if phone else None

    def set_phone_verified(self, user: AbstractBaseUser, phone: str) -> None:
        """Store a number as verified. For a number that a user has changed, only this is called."""
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> AbstractBaseUser | None:
        """Return the user who has this number, preferably verified; or ``None``."""
        users = get_user_model()._default_manager.filter(**{self.phone_field: phone})  # noqa: SLF001 - documented
        return users.order_by(f"-{self.phone_verified_field}").first()


class TypedPhoneField(forms.CharField):
    """Takes one phone number as people type it, and returns it in E.164; refuses what it would have to guess."""

    def __init__(self, adapter: PhoneAccountAdapter, **kwargs: Any) -> None:  # noqa: ANN401 - those of the field
        self._adapter = adapter
        widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
        super().__init__(**{"label": _("Phone number"), "widget": widget, "max_length": 100, **kwargs})

    def clean(self, value: Any) -> str:  # noqa: ANN401 - what a form has
        """Return a number in E.164."""
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            number = parse(typed, self._adapter.country)
        except InvalidArgument:
            number = None
        if number is None or number.assumptions:
            raise forms.ValidationError(_("Enter one phone number, such as 090-1234-5678 or +81 90-1234-5678."))
        phone: str = self._adapter.clean_phone(number.e164)
        return phone
