"""What Prometheus reads at ``/metrics``; nothing is counted where its client library is not installed."""

from __future__ import annotations

from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.operation.drift import Drift

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
FIRST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Buckets of histograms: a short answer of a small model to a long thought of a large one."""


class Metrics:
    """Counts of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self._registry: Any = None
        try:
            import prometheus_client as prometheus
        except ImportError:
            return
        self._registry = registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "s1m_requests", "Requests, by path and status.", ["path", "status"], registry=registry
        )
        self._tokens = prometheus.Counter("s1m_tokens", "Tokens generated.", ["kind"], registry=registry)
        self._ignored = prometheus.Counter("s1m_ignored_stops", "Stops ignored.", registry=registry)
        self._seconds = prometheus.Histogram(
            "s1m_request_seconds",
            "From a request to the end of its reply.",
            ["path"],
            buckets=SECONDS,
            registry=registry,
        )
        self._first = prometheus.Histogram(
            "s1m_first_text_seconds", "To the first text of a stream.", buckets=FIRST_SECONDS, registry=registry
        )
        self._drift = prometheus.Gauge(
            "s1m_policy_drift",
            "Population stability index of a policy's feature over the last requests.",
            ["feature"],
            registry=registry,
        )
        self._drift_limit = prometheus.Gauge(
            "s1m_policy_drift_limit", "Above it the feature has drifted.", ["feature"], registry=registry
        )
        self._decided = prometheus.Gauge(
            "s1m_policy_requests", "Requests on which the policy decided.", registry=registry
        )
        self._outside = prometheus.Gauge(
            "s1m_policy_requests_outside", "Of these, with a value that its tuning never had.", registry=registry
        )
        self._under_way = prometheus.Gauge("s1m_requests_under_way", "Requests under way.", registry=registry)

    def replied(self, path: str, status: int, seconds: float) -> None:
        """A request has its reply."""
        if self._registry is not None:
            self._requests.labels(path, str(status)).inc()
            self._seconds.labels(path).observe(seconds)

    def generated(self, thinking: int, answer: int, ignored: int) -> None:
        """A flow has ended."""
        if self._registry is not None:
            self._tokens.labels("thinking").inc(thinking)
            self._tokens.labels("answer").inc(answer)
            self._ignored.inc(ignored)

    def began(self, seconds: float) -> None:
        """The first text of a stream has gone out."""
        if self._registry is not None:
            self._first.observe(seconds)

    def page(self, under_way: int, drift: Drift | None = None) -> tuple[bytes, str]:
        """The metrics as text, and its type. Raises ``ApiError`` without the library."""
        if self._registry is None:
            raise ApiError("metrics need the package prometheus_client: pip install 's1m[gateway]'", status=501)
        import prometheus_client as prometheus

        self._under_way.set(under_way)
        if drift is not None:
            self._decided.set(drift.requests)
            self._outside.set(drift.outside)
            for name, (index, limit) in drift.gauges().items():
                self._drift.labels(name).set(index)
                self._drift_limit.labels(name).set(limit)
        return prometheus.generate_latest(self._registry), prometheus.CONTENT_TYPE_LATEST
