"""What an asker brings, and what comes back: the answer, where it came from, and why."""

from enum import StrEnum

from attrs import frozen

from domain.caching import Directives, StoredAnswer
from domain.clock import Stopwatch
from domain.errors import Unavailable
from domain.evidence import Difference
from domain.generation import Completion
from domain.pricing import NOTHING, Bill
from domain.questions import Question


@frozen
class Asking:
    """One question on its way to an answer: what is asked, what memory may do, how long each stage took."""

    question: Question
    directives: Directives
    stopwatch: Stopwatch


class Origin(StrEnum):
    """Where an answer came from."""

    EXACT_HIT = "exact_hit"
    SEMANTIC_HIT = "semantic_hit"
    STALE_HIT = "stale_hit"
    GENERATED = "generated"
    COALESCED = "coalesced"
    PASSED = "passed"
    APOLOGY = "apology"

    @property
    def is_paid(self) -> bool:
        """Tell whether a model was called for this asker."""
        return self in _PAID


_PAID = frozenset({Origin.GENERATED, Origin.PASSED})


class Reason(StrEnum):
    """Why memory did or did not answer: a closed set, part of the API."""

    SAME_QUESTION = "same_question"
    SIMILAR = "similar"
    REFRESHING = "refreshing"
    STALE = "stale"
    MODEL_FAILED = "model_failed"
    APOLOGY = "apology"

    NOTHING_REMEMBERED = "nothing_remembered"
    EXPIRED = "expired"
    TOO_OLD = "too_old"
    NO_CANDIDATE = "no_candidate"
    BELOW_THRESHOLD = "below_threshold"
    UNCERTAIN = "uncertain"
    DIFFERENT = "different"
    REPORTED_WRONG = "reported_wrong"
    NO_CACHE = "no_cache"
    BYPASSED = "bypassed"
    MEMORY_FAILED = "memory_failed"

    @property
    def meaning(self) -> str:
        """Say it in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.SAME_QUESTION: "The same question was answered before.",
    Reason.SIMILAR: "A question of the same meaning was answered before.",
    Reason.REFRESHING: "The remembered answer has expired; a fresh one is being fetched.",
    Reason.STALE: "The remembered answer has expired, and none is fetched: the asker wanted it so.",
    Reason.MODEL_FAILED: "No model answered, so an expired answer was served.",
    Reason.APOLOGY: "No model answered, and there was nothing old to serve.",
    Reason.NOTHING_REMEMBERED: "The question was not asked before.",
    Reason.EXPIRED: "What was remembered has expired.",
    Reason.TOO_OLD: "What was remembered is older than max-age allows.",
    Reason.NO_CANDIDATE: "No remembered question is near this one.",
    Reason.BELOW_THRESHOLD: "The nearest remembered question is not similar enough.",
    Reason.UNCERTAIN: "It is not certain enough that the nearest remembered answer fits.",
    Reason.DIFFERENT: "The nearest remembered question differs in something that matters.",
    Reason.REPORTED_WRONG: "Somebody reported that the nearest remembered answer does not fit this question.",
    Reason.NO_CACHE: "The asker wanted a fresh answer.",
    Reason.BYPASSED: "The asker wanted memory left alone.",
    Reason.MEMORY_FAILED: "Memory could not be read.",
}


@frozen
class Answer:
    """
    A completion, with where it came from and why.

    *source* is the remembered entry it was served from, *age* that entry's age in seconds.
    Where the nearest remembered question was looked at, *similarity* is the cosine to it, *probability* how likely
    its answer was taken to fit, and *differences* are those that were found.
    """

    completion: Completion
    origin: Origin
    reason: Reason
    source: StoredAnswer | None = None
    similarity: float | None = None
    age: float = 0.0
    probability: float | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def bill(self) -> Bill:
        """Say what it came to."""
        tokens, cost = self.completion.usage.total, self.completion.cost
        if self.origin.is_paid:
            return Bill(tokens, tokens, 0 if cost == NOTHING else tokens, cost=cost)
        if self.reason in {Reason.MODEL_FAILED, Reason.APOLOGY}:
            return Bill(tokens)  # no call would have brought an answer, so none was spared
        return Bill(tokens, avoided=tokens, saved=cost)


class AnswerInterrupted(Unavailable):
    """The question was given up before it was answered, because the service ends."""
