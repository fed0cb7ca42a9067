"""What all commands say: where requests go, what a send comes to, what went wrong."""

WORDS: dict[str, str] = {}
