from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import migrations, models

from xoxzo.cloudpy.integrations.django.models import ExactCharField


def merge_duplicates(apps: Any, schema_editor: Any) -> None:  # noqa: ANN401 - a state of the migrations
    """Turn empty ids into NULL, and merge rows with the same id, which MySQL and MariaDB did not refuse."""
    rows = apps.get_model("xoxzo", "Delivery").objects.using(schema_editor.connection.alias)
    rows.filter(ident="").update(ident=None)
    if schema_editor.connection.vendor != "mysql":
        return
    repeated = rows.exclude(ident=None).values("kind", "ident").annotate(count=models.Count("pk")).filter(count__gt=1)
    groups = defaultdict(list)
    for row in rows.filter(ident__in=[one["ident"] for one in repeated]).order_by("-sent", "-final", "-updated"):
        groups[row.kind, row.ident].append(row)
    for kept, *others in groups.values():
        for other in others:
            kept.history = sorted(kept.history + other.history, key=lambda note: note["at"])
            kept.reference = kept.reference or other.reference
            other.delete()
        kept.save()


class Migration(migrations.Migration):
    dependencies = [
        ("xoxzo", "0002_campaigns"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="delivery", name="xoxzo_delivery_ident"),
        # Alone: what changes whether a column is NULL sets its collation back on MySQL and MariaDB.
        migrations.AlterField(
            model_name="delivery",
            name="ident",
            field=models.CharField(
                blank=True, db_index=True, max_length=128, null=True, verbose_name="msgid or callid"
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="ident",
            field=ExactCharField(blank=True, db_index=True, max_length=128, null=True, verbose_name="msgid or callid"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="reference",
            field=ExactCharField(blank=True, db_index=True, max_length=255, null=True, verbose_name="reference"),
        ),
        migrations.RunPython(merge_duplicates, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("kind", "ident"), name="xoxzo_delivery_ident"),
        ),
    ]
