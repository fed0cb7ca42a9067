"""OpenTelemetry from the client's events."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pytest
from faulty_server import FaultyServer, close, hang, reply
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from xoxzo.cloudpy import AsyncClient, Attempt, Client, errors
from xoxzo.cloudpy.client.telemetry import Telemetry
from xoxzo.cloudpy.protocols import AttemptStart

MESSAGE = {"recipient": "+818011112222", "sender": "Shop", "message": "Your code is 48q913"}  # q: no id or time has it


class Collected:
    """Providers that keep what they are given."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meters = MeterProvider([self._reader])
        self.hook = Telemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self):
        return self._spans.get_finished_spans()

    def metrics(self) -> dict[str, list]:
        data = self._reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def collected():
    collected = Collected()
    yield collected
    collected.tracers.shutdown()
    collected.meters.shutdown()


def send(url: str, hook: Telemetry) -> None:
    with Client(sid="sid", auth_token="s3cr3t", base_url=url, on_event=hook) as client:
        client.sms.send(**MESSAGE)


def test_each_try_is_a_span_below_the_current_one(collected) -> None:
    """A send that is throttled once gives two spans of the caller's trace, with statuses, durations and no person."""
    tracer = collected.tracers.get_tracer("test")
    script = [reply(429, retry_after="0"), reply(201, '[{"msgid": "m"}]')]
    with FaultyServer(*script) as server, tracer.start_as_current_span("outer") as outer:
        send(server.url, collected.hook)
    first, second, parent = collected.spans
    assert parent.name == "outer"
    assert {span.parent.span_id for span in (first, second)} == {outer.get_span_context().span_id}
    assert first.name == second.name == "xoxzo sms.send"
    assert (first.kind, first.status.status_code) == (trace.SpanKind.CLIENT, trace.StatusCode.ERROR)
    assert (first.attributes["error.type"], first.attributes["http.response.status_code"]) == ("RateLimited", 429)
    assert (second.status.status_code, second.attributes["http.request.resend_count"]) == (trace.StatusCode.UNSET, 1)
    assert first.attributes["xoxzo.request_id"] == second.attributes["xoxzo.request_id"]
    assert "error.type" not in second.attributes
    assert first.start_time < first.end_time <= second.end_time
    shown = "".join(span.to_json() for span in collected.spans)
    assert not any(secret in shown for secret in ("818011112222", "48q913", "s3cr3t"))


def test_unknown_outcomes_are_counted(collected) -> None:
    """A send whose outcome is unknown is counted in a metric of its own, and its duration is recorded."""
    with FaultyServer(close) as server, pytest.raises(errors.ResponseLost):
        send(server.url, collected.hook)
    (span,) = collected.spans
    assert span.attributes["xoxzo.maybe_sent"] is True
    assert "http.response.status_code" not in span.attributes
    metrics = collected.metrics()
    (maybe_sent,) = metrics["xoxzo.client.maybe_sent"]
    assert (maybe_sent.value, dict(maybe_sent.attributes)) == (
        1,
        {"xoxzo.operation": "sms.send", "error.type": "ResponseLost"},
    )
    (duration,) = metrics["http.client.request.duration"]
    assert (duration.count, duration.sum > 0) == (1, True)
    assert duration.explicit_bounds[:2] == (0.005, 0.01)
    assert dict(duration.attributes) == {
        "xoxzo.operation": "sms.send",
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": int(server.url.rpartition(":")[2]),
        "error.type": "ResponseLost",
    }


def test_a_success_is_no_unknown_outcome(collected) -> None:
    """A send that succeeded is measured and not counted as one that may have been sent."""
    with FaultyServer(reply(201, '[{"msgid": "m"}]')) as server:
        send(server.url, collected.hook)
    assert "xoxzo.client.maybe_sent" not in collected.metrics()


def test_each_try_carries_its_spans_traceparent(collected) -> None:
    """Each request names the span of its own try (W3C Trace Context), in the caller's trace, and no baggage."""
    tracer = collected.tracers.get_tracer("test")
    script = [reply(429, retry_after="0"), reply(201, '[{"msgid": "m"}]')]
    with FaultyServer(*script) as server, tracer.start_as_current_span("outer"):
        token = context.attach(baggage.set_baggage("customer", "Hanako"))
        try:
            send(server.url, collected.hook)
        finally:
            context.detach(token)
    first, second, outer = collected.spans
    sent = [re.findall(rb"(?im)^traceparent: (.+?)-0[13]\r$", request) for request in server.requests]
    assert sent == [
        [f"00-{outer.context.trace_id:032x}-{span.context.span_id:016x}".encode()] for span in (first, second)
    ]
    assert not any(b"Hanako" in request for request in server.requests)


def test_spans_follow_the_conventions_of_http_clients(collected) -> None:
    """Method, server and URL stand in the attributes of OpenTelemetry's conventions, without query and number."""
    with (
        FaultyServer(reply(200, "[]"), reply(200, "{}")) as server,
        Client(sid="sid", auth_token="s3cr3t", base_url=server.url, on_event=[collected.hook]) as client,
    ):
        assert list(client.sms.list(since="2026-11-01")) == []
        client.request("GET", "/numbers/%2B818011112222/")
    listing, raw = (dict(span.attributes) for span in collected.spans)
    assert {name: listing[name] for name in ("http.request.method", "server.address", "url.full")} == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "url.full": f"{server.url}/sms/messages/",
    }
    assert listing["server.port"] == int(server.url.rpartition(":")[2])
    assert raw["url.full"] == f"{server.url}/numbers/REDACTED/"


def test_the_port_may_be_the_schemes(collected) -> None:
    """A base URL without a port has the one of its scheme."""
    start = AttemptStart(operation="a.b", request_id="r", number=1, method="GET", url="https://api.xoxzo.com/a/")
    assert collected.hook.before_attempt(start)["traceparent"]
    collected.hook(Attempt(operation="a.b", request_id="r", number=1, outcome="ok"))
    assert collected.spans[0].attributes["server.port"] == 443


def test_a_cancelled_try_ends_its_span(collected) -> None:
    """A try that is interrupted leaves no open span behind."""

    async def main(url: str) -> None:
        async with AsyncClient(sid="sid", auth_token="token", base_url=url, on_event=collected.hook) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await client.account.credits()

    with FaultyServer(hang) as server:
        asyncio.run(main(server.url))
    (span,) = collected.spans
    assert span.attributes["error.type"] == "cancelled"


def test_events_that_a_hook_of_ones_own_passes_on_are_spans(collected) -> None:
    """Where only the event arrives, its span begins in the past; there is no header then."""
    event = Attempt(operation="a.b", request_id="r", number=1, url="https://host/a/", outcome="ok", seconds=5.0)
    collected.hook(event)
    (span,) = collected.spans
    assert 4.9e9 < span.end_time - span.start_time < 60e9


def test_without_the_extra_the_error_names_it() -> None:
    """Where OpenTelemetry's API is not installed, one line says what to install."""
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from xoxzo.cloudpy.client.telemetry import Telemetry\n"
        "try: Telemetry()\n"
        "except Exception as error: print(error)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output == 'telemetry needs an extra: pip install "xoxzo-cloudpy[otel]"\n'
