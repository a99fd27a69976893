"""Events as log lines, through structlog."""

from collections.abc import Callable
from logging import ERROR, INFO, WARNING
from typing import Any, TypeGuard

from attrs import asdict, define, field
from structlog.typing import FilteringBoundLogger

from domain.answers import Origin
from domain.call_events import BreakerClosed, BreakerOpened, CallEvent, CallQueued, ModelFellBack, ModelRetried
from domain.errors import NotRemembered
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
from domain.pricing import in_dollars

CAUSES = 5
"""How many errors of one chain a line names."""

CODES = ("status_code", "code")
"""Attributes of providers' errors: HTTP's number, and the provider's own word."""

ROUTING = {
    ModelRetried: (WARNING, "model retried"),
    ModelFellBack: (WARNING, "model fell back"),
    BreakerOpened: (ERROR, "breaker opened"),
    BreakerClosed: (INFO, "breaker closed"),
    CallQueued: (INFO, "call queued"),
}
"""How models were asked: the level of the line, and what it says. All that such an event holds may be told."""


@define
class LogEventSink(EventSink):
    """
    One line for each event, at the level that fits it.

    *questions* allows the text of questions, and with it the words of providers' errors, which may quote one. Without
    it a failed model is told by the classes of its errors and the provider's own codes. *dropped* counts what was lost.
    """

    logger: FilteringBoundLogger
    questions: bool = False
    dropped: int = 0
    _lines: dict[type, Callable[..., None]] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.logger = self.logger.bind()  # a lazy proxy would bind anew for every line
        self._lines = dict.fromkeys(ROUTING, self._routed) | {
            AnswerServed: self._answer_served,
            QuestionFailed: self._question_failed,
            ModelCalled: self._model_called,
            ModelCallFailed: self._model_call_failed,
            PartFailed: self._part_failed,
            AnswersGiven: self._answers_given,
            AnswersRemoved: self._answers_removed,
            TextTruncated: self._text_truncated,
            LabelWon: self._label_won,
            AnswerReported: self._answer_reported,
            BudgetBreached: self._budget_breached,
        }

    def note(self, event: Event) -> None:
        """Write its line; a line that cannot be written is dropped and counted."""
        try:
            self._lines[type(event)](event)
        except Exception:  # noqa: BLE001 - the port: a sink never fails
            self.dropped += 1

    def _answer_served(self, event: AnswerServed) -> None:
        more = _details(event) | ({"question": event.question} if self.questions else {})
        self.logger.info(
            "answer served",
            tenant=event.tenant,
            origin=event.origin,
            reason=event.reason,
            **_named(event),
            **more,
        )

    def _question_failed(self, event: QuestionFailed) -> None:
        # Who wants memory alone to answer expects that it may not.
        expected = isinstance(event.error, NotRemembered)
        self.logger.log(
            INFO if expected else ERROR,
            "not remembered" if expected else "question failed",
            tenant=event.tenant,
            **_named(event),
            **self._blame(event.error),
        )

    def _model_called(self, event: ModelCalled) -> None:
        tokens = {"prompt_tokens": event.usage.prompt, "completion_tokens": event.usage.completion}
        cost = in_dollars(event.cost) or "unknown"
        self.logger.info("model called", **_named(event), finish_reason=event.finish_reason, **tokens, cost_usd=cost)

    def _model_call_failed(self, event: ModelCallFailed) -> None:
        self.logger.warning("model call failed", **_named(event), **self._blame(event.error))

    def _routed(self, event: CallEvent) -> None:
        level, line = ROUTING[type(event)]
        self.logger.log(level, line, **_told(event), **(self._blame(event.error) if _failed(event) else {}))

    def _part_failed(self, event: PartFailed) -> None:
        self.logger.warning("part failed", part=event.part, error=_classes(event.error), detail=str(event.error))

    def _answers_given(self, event: AnswersGiven) -> None:
        self.logger.info("answers given", tenant=event.tenant, entries=event.entries)

    def _answers_removed(self, event: AnswersRemoved) -> None:
        self.logger.info("answers removed", cause=event.cause, entries=event.entries)

    def _text_truncated(self, event: TextTruncated) -> None:
        self.logger.warning("text truncated", tokens=event.tokens)

    def _label_won(self, event: LabelWon) -> None:
        self.logger.info("label won", tenant=event.tenant, source=event.source, fits=event.fits)

    def _answer_reported(self, event: AnswerReported) -> None:
        words = {"note": event.note} if self.questions and event.note else {}
        self.logger.info("answer reported", tenant=event.tenant, entry=event.entry, correct=event.correct, **words)

    def _budget_breached(self, event: BudgetBreached) -> None:
        self.logger.warning("budget breached", tenant=event.tenant, namespace=event.namespace, budget=event.share)

    def _blame(self, error: Exception) -> dict[str, Any]:
        detail = {"detail": str(error)} if self.questions else {}
        return {"error": _classes(error), **_codes(error), **detail}


def _named(event: AnswerServed | QuestionFailed | ModelCalled | ModelCallFailed) -> dict[str, Any]:
    return {"provider": event.provider, "model": event.model, "ms": _milliseconds(event.seconds)}


def _told(event: CallEvent) -> dict[str, Any]:
    return asdict(event, filter=lambda each, _: each.name != "error")


def _failed(event: CallEvent) -> TypeGuard[ModelRetried | ModelFellBack]:
    return hasattr(event, "error")


def _details(event: AnswerServed) -> dict[str, object]:
    # There are thousands of exact hits a second, and their time says all.
    if event.origin is Origin.EXACT_HIT:
        return {}
    stages = {"stages": {stage: _milliseconds(seconds) for stage, seconds in event.stages.items()}}
    return stages | _money(event) | _verdict(event)


def _money(event: AnswerServed) -> dict[str, object]:
    bill = event.bill
    return {"cost_usd": in_dollars(bill.cost) or "unknown", "saved_usd": in_dollars(bill.saved) or "unknown"}


def _verdict(event: AnswerServed) -> dict[str, object]:
    if event.probability is None:
        return {}
    return {"probability": round(event.probability, 4), "differences": [str(each) for each in event.differences]}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _chain(error: BaseException | None) -> list[BaseException]:
    errors: list[BaseException] = []
    while error is not None and len(errors) < CAUSES:
        errors.append(error)
        error = error.__cause__
    return errors


def _classes(error: Exception) -> str:
    return " < ".join(type(each).__name__ for each in _chain(error))


def _codes(error: Exception) -> dict[str, object]:
    """Give what a provider's SDK tells besides prose; where several errors of the chain do, the last raised counts."""
    told = [(name, getattr(each, name, None)) for each in reversed(_chain(error)) for name in CODES]
    return {name: value for name, value in told if isinstance(value, int | str)}
