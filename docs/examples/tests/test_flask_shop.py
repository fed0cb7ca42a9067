"""Tests of the Flask shop, with a simulator in place of Xoxzo in the same process."""

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
    """A reminder reaches the guest's phone."""
    response = flask_shop.app.test_client().post("/bookings/4711/reminder", json={"phone": PHONE})
    assert response.status_code == 200
    assert xoxzo_simulator.phone(PHONE).wait_for_sms(contains="ご予約").parts == 1
