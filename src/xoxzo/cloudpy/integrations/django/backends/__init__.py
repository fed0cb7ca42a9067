"""Where an SMS goes: to the account, to the console, or into a list."""
