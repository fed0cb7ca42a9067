"""OpenTelemetry, an extra: a span and measurements for each attempt, and ``traceparent`` in its request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xoxzo.cloudpy.common.version import __version__
from xoxzo.cloudpy.errors import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from xoxzo.cloudpy.protocols import Attempt, AttemptStart

_SCOPE = "xoxzo.cloudpy"

# What the conventions advise for this histogram.
_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

Attributes = dict[str, str | int | bool]


class Telemetry:
    """An event hook for ``Client(on_event=Telemetry())``.

    Each attempt becomes a client span named after its operation, a child of the span that is current where the call was
    made. The request carries the span's W3C headers ``traceparent`` and ``tracestate``, and no baggage, which may hold
    what only your own services should see.

    Spans have the attributes of OpenTelemetry's conventions for HTTP clients: ``http.request.method``, ``url.full``
    (without the query), ``server.address``, ``server.port``, ``http.response.status_code``, ``error.type`` and
    ``http.request.resend_count``; and ``xoxzo.operation``, ``xoxzo.request_id`` and ``xoxzo.maybe_sent``. The histogram
    ``http.client.request.duration`` takes each attempt's seconds, and the counter ``xoxzo.client.maybe_sent`` counts
    the failed attempts that may have had their effect: check their outcome. None of them holds a phone number, a text
    or a token.

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
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ModuleNotFoundError:
            raise ConfigurationError('telemetry needs an extra: pip install "xoxzo-cloudpy[otel]"') from None
        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        self._tracer = trace.get_tracer(_SCOPE, __version__, tracer_provider)
        meter = metrics.get_meter(_SCOPE, __version__, meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS_SECONDS,
        )
        self._unknown_outcomes = meter.create_counter(
            "xoxzo.client.maybe_sent", description="Tries that failed and may have had their effect."
        )
        self._begun: dict[tuple[str, int], tuple[Span, Attributes]] = {}

    def before_attempt(self, start: AttemptStart) -> dict[str, str]:
        """Begin the span of an attempt and return the headers that name it."""
        span = self._begin(start)
        headers: dict[str, str] = {}
        self._propagator.inject(headers, context=self._trace.set_span_in_context(span))
        return headers

    def _begin(self, start: AttemptStart, begun_at_ns: int | None = None) -> Span:
        url = urlsplit(start.url)
        attributes: Attributes = {
            "xoxzo.operation": start.operation,
            "http.request.method": start.method,
            "server.address": url.hostname or "",
            "server.port": url.port or (80 if url.scheme == "http" else 443),
        }
        span = self._tracer.start_span(
            f"xoxzo {start.operation}",
            kind=self._trace.SpanKind.CLIENT,
            attributes={**attributes, "url.full": start.url, "xoxzo.request_id": start.request_id},
            start_time=begun_at_ns,
        )
        if start.number > 1:
            span.set_attribute("http.request.resend_count", start.number - 1)
        self._begun[start.request_id, start.number] = span, attributes
        return span

    def __call__(self, event: Attempt) -> None:
        """End the span of an attempt and measure it."""
        key = event.request_id, event.number
        if key not in self._begun:
            # A hook of the program's own passes its events on and has no `before_attempt`.
            self._begin(event, time.time_ns() - int(event.seconds * 1e9))
        span, attributes = self._begun.pop(key)
        outcome: Attributes = {}
        if event.status is not None:
            outcome["http.response.status_code"] = event.status
        if event.outcome != "ok":
            outcome["error.type"] = event.outcome
            span.set_status(self._trace.StatusCode.ERROR, event.outcome)
        self._duration.record(event.seconds, {**attributes, **outcome})
        if event.maybe_sent and event.outcome != "ok":
            self._unknown_outcomes.add(1, {"xoxzo.operation": event.operation, **outcome})
        span.set_attributes({**outcome, "xoxzo.maybe_sent": event.maybe_sent})
        span.end()
