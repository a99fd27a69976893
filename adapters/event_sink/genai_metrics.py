"""What is measured of calls of models, under the names of OpenTelemetry's conventions for generative AI."""

from attrs import field, frozen
from opentelemetry.metrics import Histogram, Meter

from domain.events import ModelCalled, ModelCallFailed

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
"""The buckets that the conventions recommend."""

MOST = 200
"""Models that are told apart, each a series for ever; the others are ``_OTHER``."""


@frozen
class GenAIMetrics:
    """How long calls took, how soon they began to answer, and how many tokens they took, by provider and model."""

    meter: Meter
    _models: set[str] = field(factory=set, init=False)
    durations: Histogram = field(init=False)
    beginnings: Histogram = field(init=False)
    tokens: Histogram = field(init=False)

    @durations.default
    def _durations(self) -> Histogram:
        return self._histogram("operation.duration", "s", "How long calls of models took.", SECONDS)

    @beginnings.default
    def _beginnings(self) -> Histogram:
        return self._histogram("operation.time_to_first_chunk", "s", "How soon answers began.", SECONDS)

    @tokens.default
    def _tokens(self) -> Histogram:
        return self._histogram("token.usage", "{token}", "Tokens of calls, as providers count them.", TOKENS)

    def called(self, event: ModelCalled) -> None:
        """Measure a call that brought an answer."""
        if len(self._models) < MOST:
            self._models.add(event.model)
        named = self._named(event) | {"gen_ai.response.finish_reason": event.finish_reason.value}
        self.durations.record(event.seconds, named)
        if event.first_chunk is not None:
            self.beginnings.record(event.first_chunk, self._named(event))
        for kind, tokens in (("input", event.usage.prompt), ("output", event.usage.completion)):
            self.tokens.record(tokens, self._named(event) | {"gen_ai.token.type": kind})

    def failed(self, event: ModelCallFailed) -> None:
        """Measure a call that brought none; that of a model that never answered may be named anything by its asker."""
        self.durations.record(event.seconds, self._named(event) | {"error.type": type(event.error).__name__})

    def _named(self, event: ModelCalled | ModelCallFailed) -> dict[str, str]:
        model = event.model if event.model in self._models else "_OTHER"
        return {"gen_ai.operation.name": "chat", "gen_ai.provider.name": event.provider, "gen_ai.request.model": model}

    def _histogram(self, name: str, unit: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return self.meter.create_histogram(
            f"gen_ai.client.{name}", unit, meaning, explicit_bucket_boundaries_advisory=buckets
        )
