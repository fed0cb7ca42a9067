"""From the files that people really bring to recipients, every doubt told by line and column."""

from .columns import Columns, choose_columns
from .recipients import BadRow, RecipientReader
from .tables import Table, read_rows, read_table

__all__ = ["BadRow", "Columns", "RecipientReader", "Table", "choose_columns", "read_rows", "read_table"]
