"""The shop's customers."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class User(AbstractBaseUser):
    """A customer, known by the phone number."""

    phone = models.CharField(max_length=16, unique=True, null=True)
    phone_verified = models.BooleanField(default=False)

    objects = BaseUserManager()
    USERNAME_FIELD = "phone"
