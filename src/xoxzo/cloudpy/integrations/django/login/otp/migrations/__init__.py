"""The table of phones."""
