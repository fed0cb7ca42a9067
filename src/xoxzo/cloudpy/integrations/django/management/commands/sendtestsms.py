"""``manage.py sendtestsms``: one SMS by the project's backend, to see that the settings work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xoxzo.cloudpy.errors import XoxzoError
from xoxzo.cloudpy.integrations.django.sms import SmsMessage

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Send one SMS."""

    help = "Send one SMS by the backend of the settings. With the live backend it costs credits and reaches a person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number, and perhaps a text."""
        parser.add_argument("recipient", help="the number in E.164, for instance +8180…")
        parser.add_argument("--message", default="Test", help="the text")
        parser.add_argument("--sender", help='by default XOXZO["SENDER"]')

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Send it, and say what the server called it."""
        message = SmsMessage(recipient=options["recipient"], message=options["message"], sender=options["sender"])
        try:
            message.send()
        except XoxzoError as error:
            doubt = "it may have gone out" if getattr(error, "maybe_sent", False) else "it was not sent"
            raise CommandError(f"{error} ({doubt})") from error
        assert message.sent is not None  # noqa: S101 - a backend that returns has sent it
        self.stdout.write(f"{message.sent.msgid} (reference {message.reference})")
