"""Whom the shop expects."""

from django.db import models


class Guest(models.Model):
    """Somebody who comes on a day."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=20)
    day = models.DateField()
    reminded = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
