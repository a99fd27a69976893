"""The facts we report. Use cases state them; adapters turn them into logs, metrics and traces."""

from abc import abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from attrs import field, frozen

from domain.answers import Origin, Reason
from domain.call_events import CallEvent
from domain.evidence import Difference
from domain.generation import FinishReason
from domain.labels import Source
from domain.pricing import Bill
from domain.tokens import TokenUsage


@frozen
class AnswerServed:
    """
    A question was answered.

    *stages* are seconds by stage, *question* is personal data, *bill* is what it came to.
    """

    tenant: str
    origin: Origin
    reason: Reason
    provider: str
    model: str
    seconds: float
    stages: Mapping[str, float]
    question: str = field(repr=False)
    probability: float | None = None
    differences: tuple[Difference, ...] = ()
    bill: Bill = field(factory=Bill)


@frozen
class QuestionFailed:
    """A question got no answer."""

    tenant: str
    provider: str
    model: str
    error: Exception
    seconds: float


@frozen
class ModelCalled:
    """
    A model answered; *finish_reason* says how far it got, *first_chunk* after how many seconds it began.

    *tenant* is whose question it was about, empty where it was nobody's; *cost* is in US dollars, ``None``: unknown.
    """

    provider: str
    model: str
    usage: TokenUsage
    finish_reason: FinishReason
    seconds: float
    tenant: str = ""
    cost: Decimal | None = None
    first_chunk: float | None = None


@frozen
class ModelCallFailed:
    """A model did not answer."""

    provider: str
    model: str
    error: Exception
    seconds: float


@frozen
class PartFailed:
    """A part of the memory failed, and the question went on without it."""

    part: str
    error: Exception


@frozen
class AnswersGiven:
    """Somebody gave so many answers to be remembered, which no model had given."""

    tenant: str
    entries: int


@frozen
class AnswersRemoved:
    """Entries were purged, evicted or found orphaned."""

    cause: str
    entries: int


@frozen
class TextTruncated:
    """A question was longer than the embedder reads; only its beginning was compared."""

    tokens: int


@frozen
class LabelWon:
    """It came to light whether a remembered answer fits; *source* says how."""

    tenant: str
    source: Source
    fits: bool


@frozen
class AnswerReported:
    """A user said whether the answer of *entry* was right; *note* are the user's words, which are personal data."""

    tenant: str
    entry: str
    correct: bool
    note: str | None = field(default=None, repr=False)


@frozen
class BudgetBreached:
    """More answers of a tenant were wrong than *share* of its requests; until they are few enough, fewer are served."""

    tenant: str
    namespace: str
    share: float


Event = (
    AnswerServed
    | QuestionFailed
    | ModelCalled
    | ModelCallFailed
    | CallEvent
    | PartFailed
    | AnswersGiven
    | AnswersRemoved
    | TextTruncated
    | LabelWon
    | AnswerReported
    | BudgetBreached
)


class EventSink(Protocol):
    """Hears of facts. It never fails and never waits: what it cannot report it drops."""

    @abstractmethod
    def note(self, event: Event) -> None:
        """Take note of *event*."""
