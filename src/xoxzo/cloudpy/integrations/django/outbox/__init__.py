"""The outbox: a transaction writes messages and calls into the project's database, and workers send them."""
