"""Reconciliation: finding out what became of messages whose outcome is unknown."""
