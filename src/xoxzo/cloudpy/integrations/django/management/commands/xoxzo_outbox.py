"""``manage.py xoxzo_outbox``: send the outbox, as long as it runs. Several may run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from xoxzo.cloudpy.common.signals import handle_signals
from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django import conf
from xoxzo.cloudpy.integrations.django.management import duration
from xoxzo.cloudpy.integrations.django.outbox.rows import Outbox
from xoxzo.cloudpy.integrations.django.outbox.worker import POLL_SECONDS, Worker

_DATABASE_RETRY_SECONDS = 5.0


class Command(BaseCommand):
    """Send the outbox until a signal asks to end."""

    help = "Send the messages and calls of the outbox until SIGTERM or Ctrl-C. Several may run, on any machine."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the database and what to do instead of the loop."""
        parser.add_argument("--database", help="the alias of the database; by default all that have an outbox")
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--once", action="store_true", help="send what is due, and end: for cron")
        action.add_argument(
            "--purge", type=duration, metavar="DAYS", help="delete what has ended and has not changed for so long"
        )

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Do it, and print what was done."""
        try:
            aliases = conf.outbox_databases(options["database"])
            if options["purge"] is not None:
                count = sum(Outbox(alias).purge(options["purge"] * 86_400) for alias in aliases)
                self.stdout.write(f"{count} deleted")
            else:
                self._send(aliases, once=options["once"])
        except XoxzoError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"the database cannot be used: {error}") from error

    def _send(self, aliases: Iterable[str], *, once: bool) -> None:
        stopping = threading.Event()
        with handle_signals(lambda *_: stopping.set()):
            workers = [Worker(alias, stopping.is_set) for alias in aliases]
            while not stopping.is_set():
                if count := sum(worker.run() if once else self._run(worker) for worker in workers):
                    self.stdout.write(f"{count} tried")
                if once:
                    break
                stopping.wait(POLL_SECONDS)

    def _run(self, worker: Worker) -> int:
        try:
            return worker.run()
        except DatabaseError as error:
            # It may be away for a while.
            self.stderr.write(f"the database cannot be used: {error}")
            connections.close_all()
            time.sleep(_DATABASE_RETRY_SECONDS)
            return 0
