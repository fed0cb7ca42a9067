"""Read recipients from the files that people have; every bad row is reported with its line and column."""

from __future__ import annotations

from xoxzo.cloudpy.campaigns.inputs.bad_rows import BadRow
from xoxzo.cloudpy.campaigns.inputs.columns import Columns, choose_columns
from xoxzo.cloudpy.campaigns.inputs.recipients import RecipientReader
from xoxzo.cloudpy.campaigns.inputs.tables import Table, read_rows, read_table

__all__ = ["BadRow", "Columns", "RecipientReader", "Table", "choose_columns", "read_rows", "read_table"]
