"""The shop's own tests: nothing is sent, and what would have been stands in the outbox."""

from django.conf import settings
from django.test import TestCase, override_settings

from xoxzo.cloudpy.integrations.django.backends.memory import outbox


@override_settings(XOXZO={**settings.XOXZO, "SMS_BACKEND": "memory"})
class ReminderTest(TestCase):
    """Reminders."""

    def setUp(self) -> None:
        """Begin with an empty outbox."""
        outbox.clear()

    def test_reminder(self) -> None:
        """A reminder tells the time, and is known by its booking."""
        self.client.post("/bookings/4711/reminder?phone=%2B818011112222")
        [message] = outbox
        self.assertEqual(message.recipient, "+818011112222")
        self.assertIn("18時", message.message)
        self.assertEqual(message.reference, "4711")
