"""OpenTelemetry for those who have it: a span and measurements for each try, made from the client's events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xoxzo.cloudpy.errors import ConfigurationError
from xoxzo.cloudpy.version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from xoxzo.cloudpy.protocols import Attempt

_SCOPE = "xoxzo.cloudpy"


class Telemetry:
    """An event hook for ``Client(on_event=Telemetry())``.

    Each try becomes a client span named after its operation, a child of whatever span is current where the call was
    made, with ``http.response.status_code``, ``http.request.resend_count``, ``error.type``, ``xoxzo.request_id`` and
    ``xoxzo.maybe_sent``. The histogram ``xoxzo.client.try.duration`` takes its seconds, and the counter
    ``xoxzo.client.maybe_sent`` counts the tries that failed and may have had their effect all the same: what somebody
    should look into. No number, text or token goes into any of them.

    Args:
        tracer_provider: makes the spans; the global one by default.
        meter_provider: takes the measurements; the global one by default.

    Raises:
        ConfigurationError: the extra ``otel`` is not installed.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ModuleNotFoundError:
            raise ConfigurationError('telemetry needs an extra: pip install "xoxzo-cloudpy[otel]"') from None
        self._trace = trace
        self._tracer = trace.get_tracer(_SCOPE, __version__, tracer_provider)
        meter = metrics.get_meter(_SCOPE, __version__, meter_provider)
        self._duration = meter.create_histogram(
            "xoxzo.client.try.duration", unit="s", description="How long each try of a call took."
        )
        self._doubts = meter.create_counter(
            "xoxzo.client.maybe_sent", description="Tries that failed and may have had their effect all the same."
        )

    def __call__(self, event: Attempt) -> None:
        """Take one event."""
        facts: dict[str, str | int | bool] = {"xoxzo.operation": event.operation}
        if event.status is not None:
            facts["http.response.status_code"] = event.status
        if event.outcome != "ok":
            facts["error.type"] = event.outcome
        self._duration.record(event.seconds, facts)
        if event.maybe_sent and event.outcome != "ok":
            self._doubts.add(1, facts)
        self._span(event, facts)

    def _span(self, event: Attempt, facts: dict[str, str | int | bool]) -> None:
        end = time.time_ns()
        facts = {**facts, "xoxzo.request_id": event.request_id, "xoxzo.maybe_sent": event.maybe_sent}
        if event.number > 1:
            facts["http.request.resend_count"] = event.number - 1
        # The try is over when it is told, so the span begins in the past.
        span = self._tracer.start_span(
            f"xoxzo {event.operation}",
            kind=self._trace.SpanKind.CLIENT,
            attributes=facts,
            start_time=end - int(event.seconds * 1e9),
        )
        if event.outcome != "ok":
            span.set_status(self._trace.StatusCode.ERROR, event.outcome)
        span.end(end)
