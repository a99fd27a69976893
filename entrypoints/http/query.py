"""POST /api/v1/query: ask a question."""

from functools import partial
from math import isfinite
from typing import Annotated, Literal

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from application.answer_question import AnswerQuestion
from application.apologise import Apologising
from application.tell_answers import TellAnswer, Telling
from domain.answers import Answer, Asking
from domain.caching import StoredAnswer
from domain.generation import Completion
from domain.tokens import TokenUsage
from entrypoints.http.answer_headers import headers_of, headers_so_far
from entrypoints.http.bills import BillBody, bill_of
from entrypoints.http.bodies import JSONStruct
from entrypoints.http.documentation import problems
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.presence import Attended
from entrypoints.http.query_request import QueryRequest
from entrypoints.http.reception import Reception
from entrypoints.http.replies import Reply
from entrypoints.http.streaming import EventStream, QueryNarration, StreamableOperation


class Usage(msgspec.Struct, frozen=True):
    """Tokens that this request cost at the provider: none when memory answered."""

    prompt: int = 0
    completion: int = 0
    total: int = 0


class CitedSource(msgspec.Struct, frozen=True):
    """Where an answer, or a part of it, was taken from."""

    source: str
    quote: str


class CacheInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What memory had to do with it; *reason* is one of the words in docs/api.md."""

    cache_hit: bool
    reason: Annotated[str, Meta(examples=["same_question"])]
    cache_type: Literal["exact", "semantic"] | None = None
    similarity_score: Annotated[float, Meta(description="Cosine to the nearest remembered question.")] | None = None
    probability: Annotated[float, Meta(description="How likely its answer was taken to fit.")] | None = None
    differences: Annotated[tuple[str, ...], Meta(description="Where its wording differs in what may matter.")] = ()
    matched_query: Annotated[str, Meta(description="The remembered question as it was asked.")] | None = None
    entry_id: str | None = None
    age_seconds: float | None = None
    tokens_saved: Annotated[int, Meta(description="What the remembered answer had cost.")] = 0


class VainTrial(msgspec.Struct, frozen=True):
    """A provider that was asked in vain before this answer came."""

    provider: str
    model: str
    reason: str


class QueryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, who gave it, what it cost, and what memory had to do with it."""

    response: str
    provider: str
    model: str
    finish_reason: str
    usage: Usage
    bill: BillBody
    cache_info: CacheInfo
    citations: list[CitedSource]
    latency_ms: float
    tried: Annotated[tuple[VainTrial, ...], Meta(description="Who was asked before in vain, and why.")] = ()


def query_door(
    reception: Reception, respond: AnswerQuestion | Apologising, tell_answer: TellAnswer, attended: Attended
) -> HTTPRouteHandler:
    """Make the route; *attended* says what becomes of an answer whose asker leaves."""

    @post(
        "/api/v1/query",
        dto=JSONStruct[QueryRequest],
        return_dto=None,
        status_code=200,
        tags=["Asking"],
        summary="Ask a question",
        responses=problems(400, 401, 503, 504),
        operation_class=StreamableOperation,
    )
    async def query(request: LeanRequest, data: JSONBody[QueryRequest]) -> Response[QueryResponse]:
        """Answer from memory when we can, from a model when we must."""
        asking = await reception.asking(request, data)
        if data.stream:
            return _streamed(asking, await attended(request.receive, tell_answer(asking)))
        answer = await attended(request.receive, respond(asking))
        body = described(asking, answer)
        return Reply(body, headers_of(asking, answer, body.bill))

    return query


def _streamed(asking: Asking, telling: Telling) -> Response[QueryResponse]:
    return EventStream(telling, headers_so_far(asking, telling), QueryNarration(partial(described, asking)))


def described(asking: Asking, answer: Answer) -> QueryResponse:
    """Give the body that tells of *answer*."""
    done = answer.completion
    return QueryResponse(
        response=done.text,
        provider=done.provider,
        model=done.model,
        finish_reason=done.finish_reason,
        usage=_usage(answer),
        bill=bill_of(answer),
        cache_info=_cache_info(answer),
        citations=_citations(done),
        tried=() if answer.source else _tried(done),
        latency_ms=round(asking.stopwatch.elapsed() * 1000, 3),
    )


def _cache_info(answer: Answer) -> CacheInfo:
    if answer.source:
        return _hit_info(answer, answer.source)
    return CacheInfo(
        cache_hit=False,
        reason=answer.reason,
        similarity_score=answer.similarity,
        probability=answer.probability,
        differences=answer.differences,
    )


def _hit_info(answer: Answer, source: StoredAnswer) -> CacheInfo:
    exact = answer.similarity is None
    return CacheInfo(
        cache_hit=True,
        reason=answer.reason,
        cache_type="exact" if exact else "semantic",
        similarity_score=1.0 if exact else answer.similarity,
        probability=answer.probability,
        differences=answer.differences,
        matched_query=source.question,
        entry_id=source.fingerprint,
        age_seconds=round(answer.age, 3) if isfinite(answer.age) else None,
        tokens_saved=answer.completion.usage.total,
    )


def _usage(answer: Answer) -> Usage:
    spent = answer.completion.usage if answer.origin.is_paid else TokenUsage()
    return Usage(spent.prompt, spent.completion, spent.total)


def _citations(done: Completion) -> list[CitedSource]:
    return [CitedSource(each.source, each.quote) for each in done.citations]


def _tried(done: Completion) -> tuple[VainTrial, ...]:
    return tuple([VainTrial(each.provider, each.model, each.reason) for each in done.tried])
