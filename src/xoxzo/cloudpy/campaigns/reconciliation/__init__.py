"""Reconciliation: finding out the status of messages whose outcome is unknown."""
