"""Fields of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    TextField = models.CharField[str | None, str | None]
else:
    TextField = models.CharField


class ExactCharField(TextField):
    """Text that is compared exactly: MySQL and MariaDB would ignore its case and trailing blanks."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 - Django's signature
        """Return the column's type and collation for a database."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            is_mariadb = getattr(connection, "mysql_is_mariadb", False)
            return {**parameters, "collation": "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"}
        return parameters
