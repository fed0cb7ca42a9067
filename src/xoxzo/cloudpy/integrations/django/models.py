"""The delivery log in the project's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from xoxzo.cloudpy.integrations.django.fields import ExactCharField
from xoxzo.cloudpy.integrations.django.i18n import _

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, ClassVar


class Delivery(models.Model):
    """One message or call with its history. No message and no phone number is stored.

    Only the delivery log writes rows. ``status`` never moves backwards.
    """

    kind: models.CharField[str, str] = models.CharField(_("kind"), max_length=16)
    # NULL while it is unknown: a constraint takes many of these, and MySQL and MariaDB have no conditional constraints.
    ident = ExactCharField(_("msgid or callid"), max_length=128, null=True, blank=True, db_index=True)
    reference = ExactCharField(_("reference"), max_length=255, null=True, blank=True, db_index=True)
    status: models.CharField[str, str] = models.CharField(_("status"), max_length=64, blank=True)
    final: models.BooleanField[bool, bool] = models.BooleanField(_("final"), default=False)
    sent: models.BooleanField[bool, bool] = models.BooleanField(_("sent by us"), default=False)
    clicked: models.BooleanField[bool, bool] = models.BooleanField(_("link clicked"), default=False)
    cost: models.CharField[str, str] = models.CharField(_("credits"), max_length=32, blank=True)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("created at"))
    updated: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("updated"), db_index=True)
    history: models.JSONField[list[Any], list[Any]] = models.JSONField(_("history"), default=list)

    class Meta:
        """Names, order and constraints."""

        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar = ["-updated"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "ident"], name="xoxzo_delivery_ident")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ident or self.reference} {self.status}".rstrip()


class Turn(models.Model):
    """One row that each transaction of the log updates first, which makes them run one after another."""

    taken: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(default=0)


class Campaign(models.Model):
    """A campaign, for the admin and its permissions. It has no table: everything is in the store of campaigns."""

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=100, primary_key=True)

    class Meta:
        """Names and permissions; ``change`` allows to pause, resume and cancel."""

        managed = False
        default_permissions = ("view", "change")
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")

    def __str__(self) -> str:
        return self.name
