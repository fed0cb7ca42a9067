"""What a simulator holds and has done, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from xoxzo.cloudpy.simulator.queries.overview import count_by_status
from xoxzo.cloudpy.simulator.runtime.simulation import Simulation


class Metrics(CollectorRegistry):
    """Counts what there is whenever it is read; a registry of its own, so that simulators side by side do not meet."""

    def __init__(self, simulator: Simulation) -> None:
        super().__init__()
        self._simulator = simulator

    def collect(self) -> Iterator[Metric]:
        """Count what there is at this moment."""
        messages, calls, attempts = count_by_status(self._simulator.engine)
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
        for kind, count in sorted(self._simulator.faults.counts.items()):
            faults.add_metric([kind], count)
        yield faults
