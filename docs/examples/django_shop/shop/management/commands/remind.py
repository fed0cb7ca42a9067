"""``manage.py remind 2026-11-30``: an SMS to everybody who comes on that day. Run it again if it was cut off."""

from django.core.management.base import BaseCommand, CommandError
from shop.models import Guest

from xoxzo.cloudpy.campaigns import Campaign, Content, Event, Limits
from xoxzo.cloudpy.errors import CampaignError

CONTENT = Content(kind="text", sender="Shop", message="{name}様 ご来店をお待ちしております。")


class Command(BaseCommand):
    """Remind the guests of a day."""

    help = "Send an SMS to everybody who comes on a day."

    def add_arguments(self, parser):
        """Take the day."""
        parser.add_argument("day")

    def handle(self, day, **_options):
        """Send to the customers that are left, and record each one."""
        guests = Guest.objects.filter(day=day)
        try:
            campaign = Campaign.open(f"reminders-{day}")
        except CampaignError:
            # The list is frozen here; an iterator keeps a million rows out of memory.
            campaign = Campaign.create(f"reminders-{day}", guests.values("name", "phone").iterator(), CONTENT)
        with campaign:
            result = campaign.run(limits=Limits(rate=20), on_event=self.tell)
            for status in campaign.recipient_statuses():
                if status.state.is_sent:
                    guests.filter(phone=status.recipient.number).update(reminded=True)
        if result.state != "finished" or result.unknown:
            raise CommandError(f"{result.state} {result.reason}: {result.unknown} may have been sent")

    def tell(self, event: Event) -> None:
        """Show how far it is. Hooks of `run` may use models."""
        expected = Guest.objects.count()
        self.stdout.write(f"{event.kind}: {event.tally.sent} of {event.tally.total}, {expected} guests in all")
