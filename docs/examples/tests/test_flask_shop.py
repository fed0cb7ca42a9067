"""Tests of the Flask shop: the simulator stands in for Xoxzo, in the same process."""

import os

os.environ |= {"SHOP_SECRET": "a secret of the tests", "SHOP_URL": "http://localhost", "SHOP_LOG": ":memory:"}
os.environ |= {"XOXZO_API_SID": "test", "XOXZO_API_AUTH_TOKEN": "test"}

import flask_shop
import pytest

from xoxzo.cloudpy.testing.simulated import SimulatedXoxzo

PHONE = "+818011112222"


@pytest.fixture(autouse=True)
def simulated(xoxzo_simulator: SimulatedXoxzo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the shop a client that talks to the simulator without a socket."""
    monkeypatch.setattr(flask_shop, "client", xoxzo_simulator.client())


def test_reminder(xoxzo_simulator: SimulatedXoxzo) -> None:
    """A reminder reaches the guest's phone, wherever it is."""
    answer = flask_shop.app.test_client().post(f"/bookings/4711/reminder?phone=%2B{PHONE[1:]}")
    assert answer.status_code == 200
    assert xoxzo_simulator.phone(PHONE).wait_for_sms(contains="ご予約").parts == 1
