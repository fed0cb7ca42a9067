"""Keeps a simulator's state in a file: `file` is the database, `rows` turns records into text, `store` joins them."""
