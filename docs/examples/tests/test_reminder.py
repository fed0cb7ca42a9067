"""A function that sends an SMS, and its test."""

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo


def remind(client: Client, booking: str, phone: str) -> None:
    """Remind a guest of a booking. In your project this is in a module of its own."""
    client.sms.send(recipient=phone, sender="Shop", message="ご予約は明日18時です。", reference=booking)


def test_reminder(xoxzo_simulator: SimulatedXoxzo) -> None:
    """The guest's phone receives one reminder, with the time."""
    remind(xoxzo_simulator.client(), booking="4711", phone="+818011112222")

    xoxzo_simulator.assert_delivered_once("+818011112222", contains="18時")
