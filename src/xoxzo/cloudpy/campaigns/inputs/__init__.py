"""From the files that people really bring to recipients, every doubt told by line and column."""

from .columns import Columns, guess
from .people import BadRow, People
from .tables import Table, read_rows, read_table

__all__ = ["BadRow", "Columns", "People", "Table", "guess", "read_rows", "read_table"]
