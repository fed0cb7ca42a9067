"""The SMS backends: send to the account, write to the console, or collect in a list."""
