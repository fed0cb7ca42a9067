"""Sending: one run of a campaign, its rate, its events, and the thread that it may have."""
