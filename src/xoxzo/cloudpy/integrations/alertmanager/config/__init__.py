"""The settings file: its values, its loading, and an example."""
