"""Made by Django."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of customers."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("phone", models.CharField(max_length=16, unique=True, null=True)),
                ("phone_verified", models.BooleanField(default=False)),
            ],
            options={"abstract": False},
        ),
    )
