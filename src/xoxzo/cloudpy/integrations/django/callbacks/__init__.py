"""Callbacks: the views that receive them, and the delivery log in the project's database."""
