"""From the bytes of a response to records: content codings, JSON arrays in pieces, fields, error bodies."""
