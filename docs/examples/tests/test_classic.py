"""Tests of a program that was written for 0.5: the simulator takes Xoxzo's place, and nothing leaves the machine."""

from xoxzo.cloudpy import XoxzoClient
from xoxzo.cloudpy.testing.simulated import SimulatedServer


def test_reminder(xoxzo_simulator_server: SimulatedServer) -> None:
    """The reminder reaches the patient's phone once."""
    result = XoxzoClient("sid", "token").send_sms("See you at 10:30", "+818011112222", "Clinic")

    assert result.errors is None
    xoxzo_simulator_server.simulator.assert_delivered_once("+818011112222", contains="10:30")


def test_too_many_requests(xoxzo_simulator_server: SimulatedServer) -> None:
    """What `responses` answered with a status is a fault of the simulator."""
    xoxzo_simulator_server.simulator.fail_next("throttled", "POST /sms/messages/")
    result = XoxzoClient("sid", "token").send_sms("See you at 10:30", "+818011112222", "Clinic")

    assert result.errors == 429
    assert xoxzo_simulator_server.simulator.phone("+818011112222").inbox == ()
