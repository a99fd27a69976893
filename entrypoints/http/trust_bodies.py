"""What feedback and the report on quality look like as JSON."""

from typing import Annotated

import msgspec
from msgspec import Meta

from entrypoints.http.query_request import Text

MAX_NOTE = 1000


class FeedbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user says about a remembered answer that was served."""

    entry_id: Annotated[str, Meta(description="The `entry_id` of the answer.", min_length=1, max_length=200)]
    query: Text
    correct: Annotated[bool, Meta(description="Whether the answer fits the query.")]
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Logged where questions may be.")] | None = None


class FeedbackResponse(msgspec.Struct, frozen=True):
    """Whether the entry was removed, and whether the same had been said before."""

    removed: bool
    known: bool


class MeasuredRate(msgspec.Struct, frozen=True):
    """Wrong hits as a share of all requests, as the checks found them, with the 95 % interval (Wilson)."""

    rate: float
    low: float
    high: float
    checks: int


class Labels(msgspec.Struct, frozen=True):
    """What came to light: whether the nearest remembered answer would have fitted, or did."""

    misses_agreed: int
    misses_differed: int
    checks_right: int
    checks_wrong: int
    reports_right: int
    reports_wrong: int


class OtherBudget(msgspec.Struct, frozen=True):
    """What share of the requests of late another budget would answer: with exact hits too, and with semantic ones."""

    budget: float
    hit_rate: float
    semantic_hit_rate: float


class JudgedPair(msgspec.Struct, frozen=True):
    """A remembered question, one that was asked, and what was decided, and why; *at* is in seconds since 1970."""

    stored: str
    asked: str
    reason: str
    similarity: float | None
    probability: float | None
    differences: list[str]
    at: float


class NamespaceQuality(msgspec.Struct, frozen=True):
    """How one namespace fares; counts are since the beginning, expectations are of the last few thousand requests."""

    namespace: str
    requests: int
    hit_rate: float
    exact_hits: int
    semantic_hits: int
    budget: float
    breached: bool
    expected_wrong_rate: float | None
    measured_wrong_rate: MeasuredRate
    labels: Labels
    at_other_budgets: list[OtherBudget]
    nearest_misses: list[JudgedPair]
    spent_on: list[JudgedPair]


class QualityResponse(msgspec.Struct, frozen=True):
    """How well the promise is kept: over all namespaces (`*`), which share one budget, and by namespace."""

    tenant: str
    overall: NamespaceQuality | None
    namespaces: list[NamespaceQuality]
