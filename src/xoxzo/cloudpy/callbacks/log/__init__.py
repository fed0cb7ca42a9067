"""The delivery log: one entry for each message and call, whatever the order of its reports."""
