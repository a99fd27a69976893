"""What every event sink promises: it hears everything, and neither fails nor waits."""

import io
from collections.abc import Callable
from typing import get_args

import pytest
import structlog

from adapters.event_sink.fan_out import FanOut
from adapters.event_sink.log import LogEventSink
from adapters.event_sink.metrics import Instruments, MetricsEventSink
from adapters.event_sink.prometheus import PrometheusPage
from domain.answers import Origin, Reason
from domain.call_events import BreakerClosed, BreakerOpened, CallQueued, ModelFellBack, ModelRetried
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
from domain.generation import FinishReason
from domain.labels import Source
from domain.tokens import TokenUsage
from tests.doubles import RecordingEvents

EVENTS: list[Event] = [
    AnswerServed("acme", Origin.EXACT_HIT, Reason.SAME_QUESTION, "openai", "m", 0.0003, {"recall": 0.0001}, "Why?"),
    QuestionFailed("acme", "openai", "m", TimeoutError("late"), 30.0),
    ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.8),
    ModelCallFailed("openai", "m", TimeoutError("late"), 30.0),
    ModelRetried("openai", "m", TimeoutError("late"), 0.6),
    ModelFellBack("openai", "m", TimeoutError("late"), "anthropic"),
    BreakerOpened("openai", "m", 300.0),
    BreakerClosed("openai", "m"),
    CallQueued("openai", 1.5, admitted=True),
    PartFailed("answer_cache", OSError("disk full")),
    AnswersGiven("acme", 256),
    AnswersRemoved("purge", 3),
    TextTruncated(900),
    LabelWon("acme", Source.MISS, fits=True),
    AnswerReported("acme", "e" * 64, correct=False, note="nonsense"),
    BudgetBreached("acme", "handbook", 0.01),
]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot be told")


def logging_to(stream: io.BytesIO) -> LogEventSink:
    renderer = structlog.processors.JSONRenderer(serializer=lambda line, **_: str(line).encode())
    return LogEventSink(structlog.wrap_logger(structlog.BytesLogger(stream), processors=[renderer]), questions=True)


def a_log() -> EventSink:
    return logging_to(io.BytesIO())


def a_closed_log() -> EventSink:
    stream = io.BytesIO()
    sink = logging_to(stream)
    stream.close()
    return sink


def metrics() -> EventSink:
    page = PrometheusPage()
    return MetricsEventSink(Instruments(page.meter), page.answers)


def all_of_them() -> EventSink:
    return FanOut([a_log(), a_closed_log(), metrics(), RecordingEvents()])


@pytest.fixture(params=[a_log, a_closed_log, metrics, all_of_them])
def sink(request: pytest.FixtureRequest) -> EventSink:
    make: Callable[[], EventSink] = request.param
    return make()


def test_the_examples_are_all_the_events_there_are() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_it_takes_note_of_every_event(sink: EventSink, event: Event) -> None:
    sink.note(event)


@pytest.mark.parametrize(
    "event",
    [
        QuestionFailed("acme", "openai", "m", Unprintable(), 1.0),
        ModelCallFailed("openai", "m", Unprintable(), 1.0),
        PartFailed("answer_cache", Unprintable()),
    ],
    ids=lambda event: type(event).__name__,
)
def test_it_survives_an_error_that_cannot_be_printed(sink: EventSink, event: Event) -> None:
    sink.note(event)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_no_event_is_unknown_to_a_sink_that_works(event: Event) -> None:
    log, measures = a_log(), metrics()

    for sink in (log, measures):
        sink.note(event)

    assert isinstance(log, LogEventSink)
    assert log.dropped == 0
    assert isinstance(measures, MetricsEventSink)
    assert measures.dropped == 0


def test_what_cannot_be_reported_is_counted() -> None:
    sink = a_closed_log()

    sink.note(EVENTS[0])

    assert isinstance(sink, LogEventSink)
    assert sink.dropped == 1
