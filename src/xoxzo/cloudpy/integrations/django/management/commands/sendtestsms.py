"""``manage.py sendtestsms``: send one SMS with the project's backend, to test the settings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django.sms import SmsMessage


class Command(BaseCommand):
    """Send one SMS."""

    help = "Send one SMS with the backend of the settings. The live backend costs credits and reaches a person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number, the message and the sender."""
        parser.add_argument("recipient", help="the number in E.164, such as +8180…")
        parser.add_argument("--message", default="Test", help="the message")
        parser.add_argument("--sender", help='by default XOXZO["SENDER"]')

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Send it, and print its msgid."""
        message = SmsMessage(recipient=options["recipient"], message=options["message"], sender=options["sender"])
        try:
            message.send()
        except XoxzoError as error:
            outcome = "it may have been sent" if getattr(error, "maybe_sent", False) else "it was not sent"
            raise CommandError(f"{error} ({outcome})") from error
        assert message.sent is not None  # noqa: S101 - set by every backend that returns
        self.stdout.write(f"{message.sent.msgid} (reference {message.reference})")
