"""The delivery log and the outbox in the project's database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from xoxzo.cloudpy.campaigns.records import State
from xoxzo.cloudpy.common.masking import mask_number
from xoxzo.cloudpy.integrations.django.conf import _


class ExactCharField(models.CharField):  # type: ignore[type-arg] # Django's own takes no argument
    """Text that is compared exactly: MySQL and MariaDB would ignore its case and trailing blanks."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 - Django's signature
        """Return the column's type and collation for a database."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            is_mariadb = getattr(connection, "mysql_is_mariadb", False)
            return {**parameters, "collation": "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"}
        return parameters


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
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar = ["-updated"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "ident"], name="xoxzo_delivery_ident")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ident or self.reference} {self.status}".rstrip()


class Turn(models.Model):
    """One row that each transaction of the log updates first, which makes them run one after another."""

    taken: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(default=0)


class DatabaseClock(models.Func):
    """The time of the database's clock, in seconds since 1970, whatever the time zones of project and server."""

    output_field = models.FloatField()
    _TEMPLATES: ClassVar = {
        "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)",
        "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
        "mysql": "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000000e0)",
        "oracle": "((CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE) - DATE '1970-01-01') * 86400)",
    }

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Return the expression in the database's words."""
        return super().as_sql(compiler, connection, template=self._TEMPLATES[connection.vendor], **more)


def state_choices() -> list[tuple[int, Any]]:
    """Return the states of what is in the outbox, with their labels."""
    from xoxzo.cloudpy.campaigns.report.html import STATES

    return [(state.value, _(label)) for state, (label, _style) in STATES.items()]


class OutboxMessage(models.Model):
    """An SMS or a call that is sent after the commit of the transaction that wrote it.

    Only the outbox changes rows. It has the number and the text. Times are seconds since 1970 by the database's clock.
    """

    kind: models.CharField[str, str] = models.CharField(_("kind"), max_length=16)
    recipient: models.CharField[str, str] = models.CharField(_("recipient"), max_length=32)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    reference = ExactCharField(_("reference"), max_length=255, unique=True)
    state: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("state"), choices=state_choices, default=State.WAITING.value
    )
    owner: models.CharField[str, str] = models.CharField(max_length=32, default="", blank=True)
    attempts: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("attempts"), default=0)
    ident = ExactCharField(_("msgid or callid"), max_length=128, default="", blank=True, db_index=True)
    error: models.CharField[str, str] = models.CharField(_("error"), max_length=255, default="", blank=True)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("created at"), auto_now_add=True)
    due: models.FloatField[Any, Any] = models.FloatField(default=0)
    expires: models.FloatField[Any, Any] = models.FloatField(null=True)
    lease_until: models.FloatField[Any, Any] = models.FloatField(default=0)
    began: models.FloatField[Any, Any] = models.FloatField(default=0)
    ended: models.FloatField[Any, Any] = models.FloatField(default=0)
    accepted: models.FloatField[Any, Any] = models.FloatField(default=0)
    changed: models.FloatField[Any, Any] = models.FloatField(default=0)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["state", "owner", "due"], name="xoxzo_outbox_due"),
            models.Index(fields=["accepted"], name="xoxzo_outbox_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {mask_number(self.recipient)} {self.reference}"


class OutboxAccount(models.Model):
    """The pace of an account, which all workers of its outbox share; times as in the outbox."""

    key: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    next_at: models.FloatField[Any, Any] = models.FloatField(default=0)
    paused_until: models.FloatField[Any, Any] = models.FloatField(default=0)
    reconciled: models.FloatField[Any, Any] = models.FloatField(default=0)
    purged: models.FloatField[Any, Any] = models.FloatField(default=0)


class Campaign(models.Model):
    """A campaign, for the admin and its permissions. It has no table: everything is in the store of campaigns."""

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=100, primary_key=True)

    class Meta:
        managed = False
        default_permissions = ("view", "change")  # change allows to pause, resume and cancel
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")

    def __str__(self) -> str:
        return self.name
