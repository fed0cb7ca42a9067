"""``manage.py deliveries``: ask the API about messages without a report, or delete old entries of the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.callbacks.storage import get_log
from xoxzo.cloudpy.integrations.django.management import duration
from xoxzo.cloudpy.integrations.django.outbox.rows import record_report


class Command(BaseCommand):
    """Update or purge the delivery log. Run it with cron."""

    help = "Ask the API about messages and calls without a report, or delete old ones from the log."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the two actions, of which one is required."""
        action = parser.add_mutually_exclusive_group(required=True)
        action.add_argument(
            "--catch-up", type=duration, metavar="MINUTES", help="ask about those without a report for this long"
        )
        action.add_argument(
            "--purge", type=duration, metavar="DAYS", help="delete those that were last updated longer ago"
        )

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Do it, and print what was changed."""
        log = get_log()
        if options["purge"] is not None:
            self.stdout.write(f"{log.purge(older_than=timedelta(days=options['purge']))} deleted")
            return
        try:
            quiet_for = timedelta(minutes=options["catch_up"])
            for number, entry in enumerate(log.catch_up(conf.get_client(), quiet_for=quiet_for), 1):
                record_report(entry)
                self.stdout.write(f"{number} {entry.kind} {entry.ident} {entry.status}")
        except XoxzoError as error:
            raise CommandError(str(error)) from error
