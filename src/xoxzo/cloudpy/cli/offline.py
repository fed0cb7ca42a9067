"""Commands that need no network have one option in common."""

import click

json_option = click.option("--json", "machine", is_flag=True, help="Write JSON: one object, or one a line.")
"""``--json``, for commands that are no commands of the API."""
