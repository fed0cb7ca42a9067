"""``manage.py deliveries``: keep the delivery log short, and make good what no report told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.storage import get_log

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Ask about what is open, or remove what is old. Made for cron."""

    help = "Ask the API about messages and calls of which no report came, or remove old ones from the log."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the two things to do."""
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--catch-up", type=float, metavar="MINUTES", help="ask where nothing was heard this long")
        wanted.add_argument("--purge", type=float, metavar="DAYS", help="remove what was last updated longer ago")

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Do it, and say how much there was to do."""
        log = get_log()
        if options["purge"] is not None:
            self.stdout.write(f"{log.purge(older_than=timedelta(days=options['purge']))} removed")
            return
        try:
            quiet_for = timedelta(minutes=options["catch_up"])
            for number, entry in enumerate(log.catch_up(conf.get_client(), quiet_for=quiet_for), 1):
                self.stdout.write(f"{number} {entry.kind} {entry.ident} {entry.status}")
        except XoxzoError as error:
            raise CommandError(str(error)) from error
