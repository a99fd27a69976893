"""What /api/v1/cache receives and gives, as JSON."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrypoints.http.query_request import Name, QueryRequest, Text

MAX_PAIRS = 256
MAX_AGE = 3_155_760_000
"""A century, in seconds."""
UNKNOWN_AGE = "Null when it was stored later than the clock says it is now: the clock was set back."


class JudgePair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question taken to be remembered, and one taken to be asked."""

    stored: Text
    asked: Text


class JudgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pairs to be judged; nothing is stored."""

    pairs: Annotated[list[JudgePair], Meta(min_length=1, max_length=MAX_PAIRS)]


class JudgeVerdict(msgspec.Struct, frozen=True):
    """Whether the stored answer would be served; *probability* is calibrated only where the policy says so."""

    hit: bool
    probability: float | None
    similarity: float | None
    reason: str
    differences: list[str]


class JudgeResponse(msgspec.Struct, frozen=True):
    """One verdict for each pair, in order."""

    verdicts: list[JudgeVerdict]


class Stats(msgspec.Struct, frozen=True):
    """What is remembered for the caller's tenant; *hits* counts those served from entries that still exist."""

    entries: int
    size_bytes: int
    hits: int


class Entry(msgspec.Struct, frozen=True):
    """One remembered answer; times are seconds since 1970."""

    entry_id: str
    query: str
    response: str
    provider: str
    model: str
    namespace: str
    tags: list[str]
    stored_at: float
    age_seconds: Annotated[float | None, Meta(description=UNKNOWN_AGE)]
    freshness: str
    ttl_seconds: float
    hits: int
    last_used_at: float


class PurgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to purge: *all*, or whatever every given field matches; *dry_run* only counts."""

    all: bool = False
    namespace: Name | None = None
    tag: Name | None = None
    model: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    document: Annotated[str, Meta(min_length=1, max_length=2000, description="It is cited.")] | None = None
    older_than: Annotated[int, Meta(ge=0, le=MAX_AGE, description="Seconds since it was stored.")] | None = None
    dry_run: bool = False


class PurgeResponse(msgspec.Struct, frozen=True):
    """How many entries were removed, or would be."""

    entries: int
    dry_run: bool


class ExplainRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two requests as they would be sent to /api/v1/query."""

    one: QueryRequest
    other: QueryRequest


class ExplainedDifference(msgspec.Struct, frozen=True):
    """A field and its two values."""

    field: str
    one: Any
    other: Any


class ExplainedWording(msgspec.Struct, frozen=True):
    """A difference between two questions that may call for another answer; *veto*: nothing outvotes it."""

    name: str
    meaning: str
    veto: bool


class ExplainResponse(msgspec.Struct, frozen=True):
    """
    Whether the two share an answer, whether they may share one by meaning, and what keeps them apart.

    *differences* are the fields, *wording* is what differs between the texts.
    """

    same_question: bool
    may_match_by_meaning: bool
    differences: list[ExplainedDifference]
    wording: list[ExplainedWording]
