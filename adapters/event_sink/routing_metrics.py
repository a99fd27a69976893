"""What is measured of how models are asked: retries, fallbacks, breakers, queues."""

from collections.abc import Callable, Mapping

from attrs import field, frozen
from opentelemetry.metrics import Counter, Histogram, Meter, UpDownCounter

from adapters.event_sink.answer_durations import BUCKETS
from domain.call_events import BreakerClosed, BreakerOpened, CallQueued, ModelFellBack, ModelRetried


@frozen
class RoutingMetrics:
    """The instruments, and what measures each event; providers are attributes, models are not: askers name them."""

    meter: Meter
    retries: Counter = field(init=False)
    fallbacks: Counter = field(init=False)
    breakers: UpDownCounter = field(init=False)
    queueing: Histogram = field(init=False)

    @retries.default
    def _retries(self) -> Counter:
        return self.meter.create_counter("ragboost.model.retries", "", "Calls of models that were made once more.")

    @fallbacks.default
    def _fallbacks(self) -> Counter:
        return self.meter.create_counter("ragboost.model.fallbacks", "", "Times that another provider had to answer.")

    @breakers.default
    def _breakers(self) -> UpDownCounter:
        return self.meter.create_up_down_counter("ragboost.model.breakers.open", "", "Models that are left alone.")

    @queueing.default
    def _queueing(self) -> Histogram:
        return self.meter.create_histogram(
            "ragboost.model.queue.duration",
            "s",
            "How long calls waited because of the limits of their provider.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )

    @property
    def measures(self) -> Mapping[type, Callable[..., None]]:
        """Give what measures each kind of event."""
        return {
            ModelRetried: self._model_retried,
            ModelFellBack: self._model_fell_back,
            BreakerOpened: self._breaker_opened,
            BreakerClosed: self._breaker_closed,
            CallQueued: self._call_queued,
        }

    def _model_retried(self, event: ModelRetried) -> None:
        self.retries.add(1, {"provider": event.provider, "error": type(event.error).__name__})

    def _model_fell_back(self, event: ModelFellBack) -> None:
        self.fallbacks.add(1, {"provider": event.provider, "heir": event.heir})

    def _breaker_opened(self, event: BreakerOpened) -> None:
        self.breakers.add(1, {"provider": event.provider})

    def _breaker_closed(self, event: BreakerClosed) -> None:
        self.breakers.add(-1, {"provider": event.provider})

    def _call_queued(self, event: CallQueued) -> None:
        self.queueing.record(event.seconds, {"provider": event.provider, "admitted": event.admitted})
