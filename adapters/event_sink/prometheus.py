"""The page that Prometheus scrapes."""

import asyncio
from typing import Any

from attrs import define, field
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from adapters.event_sink.answer_durations import AnswerDurations

SCOPE = "ragboost"


class _Reader(PrometheusMetricReader):
    """Shows the instruments' metrics, and the durations of answers beside them."""

    def __init__(self, registry: CollectorRegistry, answers: AnswerDurations) -> None:
        self._answers = answers
        super().__init__(disable_target_info=True, scope_info_enabled=False, registry=registry)

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> None:
        everything = [*metrics_data.resource_metrics, self._beside(metrics_data.resource_metrics[0])]
        super()._receive_metrics(MetricsData(everything), timeout_millis, **kwargs)

    def _beside(self, metrics: ResourceMetrics) -> ResourceMetrics:
        scope = ScopeMetrics(InstrumentationScope(SCOPE), [self._answers.metric], "")
        return ResourceMetrics(metrics.resource, [scope], "")


@define
class PrometheusPage:
    """All metrics as text, from a registry of its own: nothing is global, no port is opened."""

    answers: AnswerDurations = field(factory=AnswerDurations)
    content_type: str = CONTENT_TYPE_PLAIN_0_0_4
    _registry: CollectorRegistry = field(init=False, repr=False, factory=CollectorRegistry)
    _provider: MeterProvider = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        reader = _Reader(self._registry, self.answers)
        self._provider = MeterProvider([reader], shutdown_on_exit=False, exemplar_filter=AlwaysOffExemplarFilter())

    @property
    def meter(self) -> Meter:
        """Give the meter whose instruments the page shows."""
        return self._provider.get_meter(SCOPE)

    async def text(self) -> bytes:
        """Give the page in Prometheus' text format; written in a thread, for it takes milliseconds."""
        return await asyncio.to_thread(generate_latest, self._registry)

    async def close(self) -> None:
        """Give up the instruments."""
        self._provider.shutdown()
