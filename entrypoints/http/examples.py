"""What every body looks like: examples for the OpenAPI document."""

from collections.abc import Sequence

import msgspec

from entrypoints.http import cache_bodies as memory
from entrypoints.http import given_bodies as gifts
from entrypoints.http import trust_bodies as trust
from entrypoints.http.bills import BillBody
from entrypoints.http.problems import FieldError, Problem
from entrypoints.http.queries_bodies import AnsweredQuery, QueriesRequest, QueriesResponse
from entrypoints.http.query import CacheInfo, CitedSource, QueryResponse, Usage
from entrypoints.http.query_request import QueryRequest
from entrypoints.http.system import Dependency, Health, Readiness

_ENTRY = "7d1a" * 16

_QUALITY = trust.NamespaceQuality(
    namespace="",
    requests=5_000,
    hit_rate=0.412,
    exact_hits=1_240,
    semantic_hits=820,
    budget=0.01,
    breached=False,
    expected_wrong_rate=0.0061,
    measured_wrong_rate=trust.MeasuredRate(0.0, 0.0, 0.0312, 17),
    labels=trust.Labels(312, 1_841, 17, 0, 4, 1),
    at_other_budgets=[trust.OtherBudget(0.02, 0.451, 0.203)],
    nearest_misses=[
        trust.JudgedPair(
            stored="How do I turn on the alarm?",
            asked="How do I turn off the alarm?",
            reason="different",
            similarity=0.97,
            probability=0.21,
            differences=["antonym"],
            at=1_790_000_000.0,
        )
    ],
    spent_on=[],
)

_ANSWER = QueryResponse(
    response="Type `make serve`.",
    provider="openai",
    model="gpt-6-luna",
    finish_reason="stop",
    usage=Usage(),
    bill=BillBody(saved_usd="0.000042", served_tokens=120, avoided_tokens=120),
    cache_info=CacheInfo(
        cache_hit=True,
        reason="similar",
        cache_type="semantic",
        similarity_score=0.97,
        probability=0.99,
        matched_query="How can I install RAGBoost?",
        entry_id=_ENTRY,
        age_seconds=12.5,
        tokens_saved=120,
    ),
    citations=[CitedSource("README.md", "Two commands")],
    latency_ms=1.8,
)

_ANSWERED = AnsweredQuery(
    **msgspec.structs.asdict(_ANSWER),
    status=200,
    cache="semantic",
    stages_ms={"admit": 0.2, "exact": 0.1, "embed": 1.1},
)

_BLANK = FieldError("queries[1].query", "must not be blank")

_GIVEN = gifts.GivenEntry(query="How do I install RAGBoost?", response="Type `make serve`.", tags=("faq",))

BODIES: Sequence[msgspec.Struct] = (
    QueryRequest(query="How do I install RAGBoost?", tags=("faq",)),
    _ANSWER,
    QueriesRequest([msgspec.Raw(b'{"query": "How do I install RAGBoost?"}'), msgspec.Raw(b'{"query": " "}')]),
    QueriesResponse(
        [
            _ANSWERED,
            Problem("Bad Request", 400, "queries[1].query: must not be blank", "3f1c", errors=(_BLANK,)),
        ]
    ),
    _ANSWERED,
    memory.JudgeRequest([memory.JudgePair("How do I install RAGBoost?", "How can I install RAGBoost?")]),
    memory.JudgeResponse([memory.JudgeVerdict(True, 0.97, 0.97, "similar", [])]),
    memory.Stats(entries=3, size_bytes=3_410, hits=12),
    memory.Entry(
        entry_id=_ENTRY,
        query="How do I install RAGBoost?",
        response="Type `make serve`.",
        provider="openai",
        model="gpt-6-luna",
        namespace="",
        tags=["faq"],
        stored_at=1_790_000_000.0,
        age_seconds=12.5,
        freshness="fresh",
        ttl_seconds=3600.0,
        hits=4,
        last_used_at=1_790_000_012.5,
    ),
    gifts.EntriesRequest([msgspec.Raw(msgspec.json.encode(_GIVEN)), msgspec.Raw(b'{"query": " ", "response": "No."}')]),
    _GIVEN,
    gifts.EntriesResponse(
        [
            gifts.EntryOutcome("remembered", _ENTRY),
            gifts.EntryOutcome(
                "refused",
                problem=Problem(
                    "Bad Request",
                    400,
                    "entries[1].query: must not be blank",
                    "3f1c",
                    errors=(FieldError("entries[1].query", "must not be blank"),),
                ),
            ),
        ],
    ),
    memory.PurgeRequest(tag="faq", dry_run=True),
    memory.PurgeResponse(entries=3, dry_run=True),
    memory.ExplainRequest(QueryRequest(query="Hello?", temperature=0.2), QueryRequest(query="Hello?")),
    memory.ExplainResponse(
        same_question=False,
        may_match_by_meaning=False,
        differences=[memory.ExplainedDifference("parameters.temperature", one=0.2, other=None)],
        wording=[],
    ),
    trust.FeedbackRequest(_ENTRY, "How can I remove RAGBoost?", correct=False),
    trust.FeedbackResponse(removed=True, known=False),
    trust.QualityResponse("acme", msgspec.structs.replace(_QUALITY, namespace="*", nearest_misses=[]), [_QUALITY]),
    Health("ok", "0.1.0"),
    Readiness("degraded", [Dependency("vector_index", alive=False, latency_ms=0.2, error="no space left on device")]),
    Problem("Bad Request", 400, "query: must not be blank", "3f1c", errors=(FieldError("query", "must not be blank"),)),
)
