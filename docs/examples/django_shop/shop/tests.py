"""The shop's own tests: nothing is sent, and what would have been stands in the outbox."""

from django.conf import settings
from django.test import TestCase, override_settings

from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedXoxzo


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


class SimulatedTest(TestCase):
    """The same with the live backend, and a simulator that stands in for Xoxzo."""

    def test_reminder(self) -> None:
        """A reminder reaches the guest's phone once, and stands in the delivery log."""
        with SimulatedXoxzo() as simulator:
            xoxzo = {"SID": SID, "AUTH_TOKEN": TOKEN, "CLIENT": {"transport": simulator.transport()}}
            with override_settings(XOXZO={**settings.XOXZO, **xoxzo}):
                self.client.post("/bookings/4711/reminder?phone=%2B818011112222")
            simulator.assert_delivered_once("+818011112222", contains="18時")
        self.assertEqual(Delivery.objects.get().reference, "4711")
