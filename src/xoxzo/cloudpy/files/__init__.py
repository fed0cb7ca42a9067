"""Files of the user on this machine: where they are, and SQLite databases that only their owner can read."""
