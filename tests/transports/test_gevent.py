"""Programs that patch the standard library for greenlets."""

from __future__ import annotations

import subprocess
import sys

import pytest
from behaviour_steps import play
from behaviour_table import GOOD
from faulty_server import FaultyServer

PROGRAM = """
import gevent.monkey
gevent.monkey.patch_all()
import sys
import gevent
from xoxzo.cloudpy import Client

def send(number):
    return client.sms.send(recipient="+818011112222", sender="Shop", message=str(number)).msgid

with Client(sid="sid", auth_token="token", base_url=sys.argv[1], max_connections=8) as client:
    greenlets = [gevent.spawn(send, number) for number in range(50)]
    gevent.joinall(greenlets, raise_error=True)
    assert [greenlet.value for greenlet in greenlets] == [str(number) for number in range(50)]
    # One that is killed in the middle of a call gives its connection back, and so does one that runs into a time-out.
    for _ in range(10):
        killed = gevent.spawn(send, "slow")
        gevent.sleep(0.02)
        killed.kill()
        try:
            with gevent.Timeout(0.02):
                send("slow")
        except gevent.Timeout:
            pass
    greenlets = [gevent.spawn(send, number) for number in range(8)]
    gevent.joinall(greenlets, raise_error=True)
    print("fine")
"""


def test_greenlets_share_one_client() -> None:
    """Each greenlet gets its own response, all wait concurrently, and a killed one keeps no connection."""
    pytest.importorskip("gevent")
    good, slow = play((GOOD,)), play((0.2, GOOD))
    with FaultyServer(lambda peer: (slow if b"message=slow" in peer.request else good)(peer)) as server:
        program = [sys.executable, "-W", "error", "-c", PROGRAM, server.url]
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("fine\n", "", 0)
    messages = [request.rpartition(b"message=")[2] for request in server.requests]
    assert len([message for message in messages if message != b"slow"]) == 58
