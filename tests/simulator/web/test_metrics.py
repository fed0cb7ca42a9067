"""The metrics, as Prometheus reads them."""

from __future__ import annotations

import http.client

from prometheus_client.parser import text_string_to_metric_families

from xoxzo.cloudpy import Client
from xoxzo.cloudpy.simulator import Settings, Simulator, SteppedClock


def scrape(port: int) -> dict[tuple[str, str], float]:
    """Return every sample by its name and its label."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/_simulator/metrics")
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.read().decode())
    found = {
        (sample.name, next(iter(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }
    connection.close()
    return found


def test_metrics() -> None:
    """Held messages and faults are counted on request; two simulators do not share counts."""
    simulator, other = Simulator(Settings(), clock=SteppedClock()), Simulator()
    with simulator.serve() as server, other.serve() as elsewhere:
        assert scrape(server.port) == {}
        with Client(sid="a", auth_token="b", base_url=server.url) as client:
            simulator.fail_next("throttled", seconds=0)
            for recipient in ("+818011112222", "+819000000001"):
                client.sms.send(
                    recipient=recipient, sender="Shop", message="Hi", callback_url="http://127.0.0.1:9/nobody"
                )
            client.calls.say(caller="815011112222", recipient="+818011112222", tts_message="Hi", tts_lang="en")
        simulator.advance(2)
        found = scrape(server.port)
        assert scrape(elsewhere.port) == {}
    assert found == {
        ("xoxzo_simulator_messages", "DELIVERED"): 1,
        ("xoxzo_simulator_messages", "FAIL"): 1,
        ("xoxzo_simulator_calls", "ANSWERED"): 1,
        ("xoxzo_simulator_callback_attempts", "will retry"): found["xoxzo_simulator_callback_attempts", "will retry"],
        ("xoxzo_simulator_faults_total", "throttled"): 1,
    }
