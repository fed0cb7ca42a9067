"""The shop's tests: nothing is sent."""

from django.conf import settings
from django.test import Client, TestCase, override_settings

from xoxzo.cloudpy.integrations.django.backends.memory import outbox
from xoxzo.cloudpy.integrations.django.models import Delivery
from xoxzo.cloudpy.integrations.django.outbox.worker import send_due
from xoxzo.cloudpy.testing.simulated import SID, TOKEN, SimulatedXoxzo


@override_settings(XOXZO={**settings.XOXZO, "SMS_BACKEND": "memory"})
class ReminderTest(TestCase):
    """Reminders with the memory backend, which collects them in a list."""

    def test_reminder(self) -> None:
        """A reminder has the time, and the booking as its reference."""
        self.client.post("/bookings/4711/reminder", {"phone": "+818011112222"})
        [message] = outbox
        self.assertEqual(message.recipient, "+818011112222")
        self.assertIn("18時", message.message)
        self.assertEqual(message.reference, "4711")

    def test_other_sites(self) -> None:
        """A form of another site cannot send a reminder."""
        browser = Client(enforce_csrf_checks=True)
        response = browser.post("/bookings/4711/reminder", {"phone": "+818011112222"})
        self.assertEqual(response.status_code, 403)
        self.assertEqual(outbox, [])


@override_settings(XOXZO={**settings.XOXZO, "SMS_BACKEND": "memory"})
class BookingTest(TestCase):
    """Bookings with the outbox, which `send_due` sends as a worker does."""

    def book(self) -> int:
        """Book a table, with the hooks of the commit, and return the status."""
        form = {"name": "Aiko", "phone": "+818011112222", "day": "2026-12-24"}
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post("/bookings/", form).status_code

    def test_booking(self) -> None:
        """A booking is confirmed after the commit; one that is rolled back is not."""
        self.assertEqual([self.book() for _ in range(3)], [200, 200, 409])
        self.assertEqual(outbox, [])
        self.assertEqual(send_due(), 2)
        self.assertEqual([message.message for message in outbox], ["Aiko様、12/24のご予約を承りました。"] * 2)
        self.assertEqual(send_due(), 0)


class SimulatedTest(TestCase):
    """Reminders with the live backend, and a simulator in place of Xoxzo."""

    def test_reminder(self) -> None:
        """A reminder reaches the guest's phone once, and is in the delivery log."""
        with SimulatedXoxzo() as simulator:
            xoxzo = {"SID": SID, "AUTH_TOKEN": TOKEN, "CLIENT": {"transport": simulator.transport()}}
            with override_settings(XOXZO={**settings.XOXZO, **xoxzo}):
                self.client.post("/bookings/4711/reminder", {"phone": "+818011112222"})
            simulator.assert_delivered_once("+818011112222", contains="18時")
        self.assertEqual(Delivery.objects.get().reference, "4711")
