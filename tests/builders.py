"""Domain values with quiet defaults: a test names only what it is about."""

from array import array
from typing import Any

from domain.answers import Asking
from domain.belief import Belief
from domain.caching import Directives, Lifetime, StoredAnswer
from domain.calibration import Prior
from domain.candidates import FEATURES
from domain.clock import Stopwatch
from domain.generation import Completion, FinishReason
from domain.questions import Compatibility, Fingerprint, Question
from domain.similarity import Embedding
from domain.tokens import TokenUsage
from tests.doubles import StoppedClock


def a_question(text: str = "What is RAGBoost?", **fields: Any) -> Question:
    return Question(**{"tenant": "acme", "provider": "scripted", "model": "scripted-1", **fields, "text": text})


def a_completion(text: str = "A memory for answers.", **fields: Any) -> Completion:
    quiet = {
        "provider": "scripted",
        "model": "scripted-1",
        "usage": TokenUsage(7, 4),
        "finish_reason": FinishReason.STOP,
    }
    return Completion(**{**quiet, **fields, "text": text})


def a_fingerprint(number: int) -> Fingerprint:
    return Fingerprint(f"{number:064x}")


def a_stored_answer(number: int = 1, **fields: Any) -> StoredAnswer:
    quiet = {
        "fingerprint": a_fingerprint(number),
        "partition": Compatibility("c" * 64),
        "tenant": "acme",
        "namespace": "",
        "question": "What is RAGBoost?",
        "completion": a_completion(),
        "stored_at": 1_000_000.0,
        "lifetime": Lifetime(ttl=100, grace=20, stale_if_error=50),
        "accessed_at": 1_000_000.0,
    }
    return StoredAnswer(**{**quiet, **fields})


def an_embedding(*components: float) -> Embedding:
    return Embedding(array("f", components))


def an_asking(text: str = "What is RAGBoost?", question: Question | None = None, **directives: Any) -> Asking:
    return Asking(question or a_question(text), Directives(**directives), Stopwatch(StoppedClock()))


def a_prior(variance: float = 0.01, **weights: float) -> Prior:
    """Believe in similarity alone: at 0.8 it is even, at 0.95 nearly certain; *weights* name features."""
    believed = {"nearness": 5.0, **weights}
    mean = tuple(believed.get(name, 0.0) for name in FEATURES)
    size = range(len(FEATURES))
    covariance = tuple(tuple(variance if row == column else 0.0 for column in size) for row in size)
    return Prior("test", FEATURES, Belief(mean, covariance))
