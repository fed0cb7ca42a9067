"""Tests of the FastAPI shop, with a simulator in place of Xoxzo and without any configuration."""

import os

os.environ |= {"SHOP_SECRET": "a secret of the tests", "SHOP_URL": "http://testserver", "SHOP_LOG": ":memory:"}

from fastapi.testclient import TestClient
from fastapi_shop import app, callbacks

from xoxzo.cloudpy.testing.simulated import SimulatedServer

PHONE = "+818011112222"


def test_reminder(xoxzo_simulator_server: SimulatedServer) -> None:
    """A reminder reaches the guest's phone once, and its report reaches the shop."""
    shop = TestClient(app)
    msgid = shop.post("/bookings/4711/reminder", json={"phone": PHONE}).json()["msgid"]

    sms = xoxzo_simulator_server.simulator.assert_delivered_once(PHONE, contains="18時")
    assert sms.sender == "Shop"

    report = {"msgid": msgid, "status": "DELIVERED"}
    assert shop.post(callbacks.url("delivery-report", "4711"), data=report).status_code == 200
    assert shop.get("/bookings/4711/reminder").json() == {"status": "DELIVERED"}


def test_forged_report(xoxzo_simulator_server: SimulatedServer) -> None:
    """A report without a valid token is rejected."""
    assert TestClient(app).post("/xoxzo/delivery-report/made-up", data={"status": "FAIL"}).status_code == 403
