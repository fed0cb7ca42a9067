"""`xoxzo config`: accounts and defaults."""
