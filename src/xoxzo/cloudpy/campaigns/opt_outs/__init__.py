"""Opt-outs: the list of those who get no message of any campaign, and the links in messages by which they say so."""
