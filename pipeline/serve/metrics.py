"""What Prometheus reads from a server, in its text format.

Counters are of this process and begin at zero with it. A client can name any verifier;
one that is not there counts as `unknown`, so that nobody can make series at will.
"""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pipeline.grading.workers import Pools
from pipeline.verifiers.contract import Verdict, verifier_names

OUTCOMES = {True: "right", False: "wrong", None: "undecided"}
# From a verdict that was kept to the end of the longest programs.
SECONDS = 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600


class Metrics:
    """The counters of a server; `count_rows` counts the rows that are here."""

    def __init__(self, pools: Pools, count_rows: Callable[[], int]) -> None:
        self._pools, self._count_rows = pools, count_rows
        self._known = set(verifier_names())
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, which nobody reads
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "goldsieve_requests",
            "Requests that were answered",
            ["path", "status"],
            registry=self._registry,
        )
        self.verdicts = Counter(
            "goldsieve_verdicts",
            "Verdicts that were made",
            ["verifier", "outcome"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "goldsieve_request_seconds",
            "From the head of a request for verdicts to its answer",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._registry.register(self)

    def record(self, verifier: str, verdict: Verdict) -> None:
        name = verifier if verifier in self._known else "unknown"
        self.verdicts.labels(name, OUTCOMES[verdict.correct]).inc()

    def collect(self) -> Iterator[Metric]:
        """What is so at this moment, and what the workers count themselves."""
        yield GaugeMetricFamily(
            "goldsieve_queue_rows",
            "Rows that wait or are being judged",
            value=self._count_rows(),
        )
        yield GaugeMetricFamily(
            "goldsieve_workers",
            "Worker processes that have started",
            value=sum(pool.running for pool in self._pools),
        )
        lost = CounterMetricFamily(
            "goldsieve_workers_lost",
            "Workers that were replaced: they died, or ran past their limit",
            labels=["reason"],
        )
        for reason in ("died", "late"):
            count = sum(pool.losses[reason] for pool in self._pools)
            lost.add_metric([reason], count)
        yield lost

    def render(self) -> bytes:
        return generate_latest(self._registry)
