"""What a simulator holds and has done, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xoxzo.cloudpy.simulator.queries.overview import count_by_status
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation


class Metrics(Collector):
    """Counts at each request; in a registry of its own, so that simulators side by side do not meet."""

    CONTENT_TYPE = CONTENT_TYPE_LATEST
    """What the text is sent as."""

    def __init__(self, simulator: Simulation) -> None:
        self._simulator = simulator
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Count what there is at this moment."""
        simulator = self._simulator
        messages, calls, attempts = count_by_status(simulator.engine)
        for name, meaning, label, counts in (
            ("messages", "SMS that are kept, by status", "status", messages),
            ("calls", "Calls that are kept, by status", "status", calls),
            ("callback_attempts", "Tries to deliver a callback that are kept, by outcome", "outcome", attempts),
        ):
            family = GaugeMetricFamily(f"xoxzo_simulator_{name}", meaning, labels=[label])
            for value, count in sorted(counts.items()):
                family.add_metric([value], count)
            yield family
        faults = CounterMetricFamily("xoxzo_simulator_faults", "Faults on purpose that have hit", labels=["kind"])
        for kind, count in sorted(simulator.faults.counts.items()):
            faults.add_metric([kind], count)
        yield faults
