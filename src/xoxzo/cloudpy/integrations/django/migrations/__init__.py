"""The tables of the delivery log, step by step."""
