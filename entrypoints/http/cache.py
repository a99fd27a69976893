"""/api/v1/cache: look at what is remembered, judge, explain, purge."""

from math import isfinite

from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from application.inspect_answers import InspectAnswers
from application.judge_pairs import JudgePairs, Pair
from application.purge_answers import PurgeAnswers
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.clock import Clock
from domain.errors import Malformed
from domain.evidence import compare
from domain.questions import Fingerprint, Question, check_text
from domain.verdicts import VETOES
from entrypoints.http import cache_bodies as bodies
from entrypoints.http.bodies import JSONStruct
from entrypoints.http.documentation import problems, problems_without_body
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.reception import Reception


def judge_door(reception: Reception, judge_pairs: JudgePairs) -> HTTPRouteHandler:
    """Make the route that judges."""

    @post(
        "/judge",
        dto=JSONStruct[bodies.JudgeRequest],
        return_dto=None,
        status_code=200,
        summary="Judge pairs of questions",
        responses=problems(400, 401, 503),
    )
    async def judge(request: LeanRequest, data: JSONBody[bodies.JudgeRequest]) -> bodies.JudgeResponse:
        """Tell what the policy would decide about each pair; nothing is stored."""
        await reception.tenant(request)
        verdicts = await judge_pairs(_pairs(data))
        return bodies.JudgeResponse(
            [
                bodies.JudgeVerdict(each.hit, each.probability, each.similarity, each.reason, list(each.differences))
                for each in verdicts
            ]
        )

    return judge


def entry_doors(reception: Reception, inspect: InspectAnswers, purge: PurgeAnswers) -> list[HTTPRouteHandler]:
    """Make the routes of a single entry, and of the totals."""

    @get("/stats", summary="What is remembered", responses=problems_without_body(401, 503))
    async def stats(request: LeanRequest) -> bodies.Stats:
        """Count the caller's entries, their bytes, and the hits served from them."""
        held = await inspect.holdings(await reception.tenant(request))
        return bodies.Stats(held.entries, held.size, held.accesses)

    @get("/entries/{entry_id:str}", summary="One entry", responses=problems_without_body(400, 401, 404, 503))
    async def show(request: LeanRequest, entry_id: FromPath[str]) -> bodies.Entry:
        """Show a remembered answer with the question it was given to."""
        tenant = await reception.tenant(request)
        return _entry(await inspect.entry(tenant, Fingerprint(entry_id)), reception.clock)

    @delete("/entries/{entry_id:str}", summary="Purge one entry", responses=problems_without_body(400, 401, 404, 503))
    async def remove(request: LeanRequest, entry_id: FromPath[str]) -> None:
        """Forget one remembered answer."""
        tenant = await reception.tenant(request)
        stored = await inspect.entry(tenant, Fingerprint(entry_id))
        await purge.entry(tenant, stored.fingerprint)

    return [stats, show, remove]


def purge_door(reception: Reception, purge_answers: PurgeAnswers) -> HTTPRouteHandler:
    """Make the route that purges."""

    @post(
        "/purge",
        dto=JSONStruct[bodies.PurgeRequest],
        return_dto=None,
        status_code=200,
        summary="Purge many entries",
        responses=problems(400, 401, 503),
    )
    async def purge(request: LeanRequest, data: JSONBody[bodies.PurgeRequest]) -> bodies.PurgeResponse:
        """Forget all of the caller's answers that every given field matches, or only count them."""
        selection = _selection(await reception.tenant(request), data, reception.clock)
        entries = await (purge_answers.count(selection) if data.dry_run else purge_answers(selection))
        return bodies.PurgeResponse(entries, data.dry_run)

    return purge


def explain_door(reception: Reception) -> HTTPRouteHandler:
    """Make the route that explains."""

    @post(
        "/explain",
        dto=JSONStruct[bodies.ExplainRequest],
        return_dto=None,
        status_code=200,
        summary="Why two requests differ",
        responses=problems(400, 401),
    )
    async def explain(request: LeanRequest, data: JSONBody[bodies.ExplainRequest]) -> bodies.ExplainResponse:
        """Name the fields that keep one request from being answered with what was remembered of the other."""
        tenant = await reception.tenant(request)
        one, other = (reception.question(tenant, each) for each in (data.one, data.other))
        return _explanation(one, other)

    return explain


def _pairs(data: bodies.JudgeRequest) -> list[Pair]:
    for position, each in enumerate(data.pairs):
        check_text(f"pairs[{position}].stored", each.stored)
        check_text(f"pairs[{position}].asked", each.asked)
    return [Pair(each.stored, each.asked) for each in data.pairs]


def _selection(tenant: str, data: bodies.PurgeRequest, clock: Clock) -> Selection:
    given = (data.namespace, data.tag, data.model, data.document, data.older_than)
    if data.all is any(each is not None for each in given):
        fields = "namespace, tag, model, document, older_than"
        raise Malformed.field("all", f"must be true, unless at least one of {fields} is given")
    before = None if data.older_than is None else clock.now() - data.older_than
    return Selection(tenant, data.namespace, data.tag, data.model, data.document, before)


def _entry(stored: StoredAnswer, clock: Clock) -> bodies.Entry:
    now = clock.now()
    age = stored.age(now)
    return bodies.Entry(
        entry_id=stored.fingerprint,
        query=stored.question,
        response=stored.completion.text,
        provider=stored.completion.provider,
        model=stored.completion.model,
        namespace=stored.namespace,
        tags=list(stored.tags),
        stored_at=stored.stored_at,
        age_seconds=age if isfinite(age) else None,
        freshness=stored.freshness(now).value,
        ttl_seconds=stored.lifetime.ttl,
        hits=stored.accesses,
        last_used_at=stored.accessed_at,
    )


def _explanation(one: Question, other: Question) -> bodies.ExplainResponse:
    return bodies.ExplainResponse(
        same_question=one.fingerprint == other.fingerprint,
        may_match_by_meaning=one.compatibility == other.compatibility,
        differences=[bodies.ExplainedDifference(each.field, each.one, each.other) for each in one.differences(other)],
        wording=[
            bodies.ExplainedWording(each, each.meaning, each in VETOES)
            for each in compare(one.text, other.text).differences
        ],
    )
