"""Events as metrics, through OpenTelemetry's instruments."""

from collections.abc import Callable

from attrs import define, field, frozen
from opentelemetry.metrics import Counter, Meter

from adapters.event_sink.answer_durations import AnswerDurations
from adapters.event_sink.genai_metrics import GenAIMetrics
from adapters.event_sink.routing_metrics import RoutingMetrics
from adapters.event_sink.spending import Spending
from domain.events import (
    AnswerReported,
    AnswerServed,
    AnswersGiven,
    AnswersRemoved,
    BudgetBreached,
    Event,
    EventSink,
    LabelWon,
    ModelCalled,
    ModelCallFailed,
    PartFailed,
    QuestionFailed,
    TextTruncated,
)


@frozen
class Instruments:
    """
    What is measured. No attribute is free text: each is a closed set, or bounded by the configuration.

    *meter* may belong to any provider of OpenTelemetry's: Prometheus here, OTLP elsewhere.
    """

    meter: Meter
    failures: Counter = field(init=False)
    parts: Counter = field(init=False)
    gifts: Counter = field(init=False)
    removals: Counter = field(init=False)
    truncations: Counter = field(init=False)
    labels: Counter = field(init=False)
    reports: Counter = field(init=False)
    breaches: Counter = field(init=False)
    routing: RoutingMetrics = field(init=False)
    models: GenAIMetrics = field(init=False)

    @routing.default
    def _routing(self) -> RoutingMetrics:
        return RoutingMetrics(self.meter)

    @failures.default
    def _failures(self) -> Counter:
        return self.meter.create_counter("ragboost.question.failures", "", "Questions that got no answer, by error.")

    @models.default
    def _models(self) -> GenAIMetrics:
        return GenAIMetrics(self.meter)

    @parts.default
    def _parts(self) -> Counter:
        return self.meter.create_counter("ragboost.part.failures", "", "Failures that questions survived, by part.")

    @gifts.default
    def _gifts(self) -> Counter:
        return self.meter.create_counter("ragboost.answers.given", "", "Answers remembered that no model had given.")

    @removals.default
    def _removals(self) -> Counter:
        return self.meter.create_counter("ragboost.answers.removed", "", "Answers removed from memory, by cause.")

    @truncations.default
    def _truncations(self) -> Counter:
        return self.meter.create_counter("ragboost.texts.truncated", "", "Questions longer than the embedder reads.")

    @labels.default
    def _labels(self) -> Counter:
        return self.meter.create_counter(
            "ragboost.labels", "", "Remembered answers of which it came to light whether they fit, by how."
        )

    @reports.default
    def _reports(self) -> Counter:
        return self.meter.create_counter("ragboost.answers.reported", "", "Answers that users reported, by verdict.")

    @breaches.default
    def _breaches(self) -> Counter:
        return self.meter.create_counter("ragboost.budget.breaches", "", "Times that an error budget was exceeded.")


@define
class MetricsEventSink(EventSink):
    """
    Counts and times events. *dropped* counts those that could not be measured.

    Answers go to *answers* instead of an instrument: there are thousands a second (see there).
    """

    instruments: Instruments
    answers: AnswerDurations
    dropped: int = 0
    _spending: Spending = field(factory=Spending, init=False)
    _measures: dict[type, Callable[..., None]] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self._measures = {
            AnswerServed: self._answer_served,
            QuestionFailed: self._question_failed,
            ModelCalled: self._model_called,
            ModelCallFailed: self.instruments.models.failed,
            PartFailed: self._part_failed,
            AnswersGiven: self._answers_given,
            AnswersRemoved: self._answers_removed,
            TextTruncated: self._text_truncated,
            LabelWon: self._label_won,
            AnswerReported: self._answer_reported,
            BudgetBreached: self._budget_breached,
            **self.instruments.routing.measures,
        }
        self._spending.show_on(self.instruments.meter)
        self.instruments.truncations.add(0)  # a reader with nothing at all to show would not show *answers* either

    def note(self, event: Event) -> None:
        """Measure *event*; one that cannot be measured is dropped and counted."""
        try:
            self._measures[type(event)](event)
        except Exception:  # noqa: BLE001 - the port: a sink never fails
            self.dropped += 1

    def _answer_served(self, event: AnswerServed) -> None:
        self.answers.add(event.origin, event.seconds)
        self._spending.answered(event.provider, event.model, event.bill)

    def _question_failed(self, event: QuestionFailed) -> None:
        self.instruments.failures.add(1, {"error": type(event.error).__name__})

    def _model_called(self, event: ModelCalled) -> None:
        self._spending.called(event.provider, event.model, event.usage, event.cost)
        self.instruments.models.called(event)

    def _part_failed(self, event: PartFailed) -> None:
        self.instruments.parts.add(1, {"part": event.part})

    def _answers_given(self, event: AnswersGiven) -> None:
        self.instruments.gifts.add(event.entries)

    def _answers_removed(self, event: AnswersRemoved) -> None:
        self.instruments.removals.add(event.entries, {"cause": event.cause})

    def _text_truncated(self, event: TextTruncated) -> None:
        self.instruments.truncations.add(1)

    def _label_won(self, event: LabelWon) -> None:
        self.instruments.labels.add(1, {"source": event.source.value, "fits": event.fits})

    def _answer_reported(self, event: AnswerReported) -> None:
        self.instruments.reports.add(1, {"correct": event.correct})

    def _budget_breached(self, event: BudgetBreached) -> None:
        self.instruments.breaches.add(1)
