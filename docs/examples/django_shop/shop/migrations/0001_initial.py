"""Made by Django."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of guests."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Guest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("phone", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("reminded", models.BooleanField(default=False)),
            ],
        ),
    )
