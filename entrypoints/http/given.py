"""POST /api/v1/cache/entries: give answers to be remembered."""

from collections.abc import Iterator, Sequence

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from application.accept_answers import AcceptAnswers, Fate, GivenAnswer
from application.route_models import Routes
from domain.errors import Malformed
from entrypoints.http import given_bodies as bodies
from entrypoints.http.bodies import SeparateItems, read
from entrypoints.http.documentation import problems
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.problems import located, told
from entrypoints.http.query_request import to_question
from entrypoints.http.reception import Reception


def giving_door(reception: Reception, accept: AcceptAnswers) -> HTTPRouteHandler:
    """Make the route."""

    @post(
        "/entries",
        dto=SeparateItems[bodies.EntriesRequest],
        return_dto=None,
        status_code=200,
        summary="Give answers to be remembered",
        responses=problems(400, 401, 403, 503),
    )
    async def give(request: LeanRequest, data: JSONBody[bodies.EntriesRequest]) -> bodies.EntriesResponse:
        """Remember answers that no model has given; the same answers may be given again."""
        tenant = await reception.reporter(request)
        entries = [_read(tenant, each, reception.routes) for each in data.entries]
        given = [each for each in entries if isinstance(each, GivenAnswer)]
        fates = await accept(given, data.replace)
        return bodies.EntriesResponse(list(_outcomes(entries, iter(fates))))

    return give


def _read(tenant: str, entry: msgspec.Raw, routes: Routes) -> GivenAnswer | Malformed:
    try:
        given = read(bytes(entry), bodies.GivenEntry)
        return GivenAnswer(to_question(tenant, given, routes), given.response, given.tags, given.ttl)
    except Malformed as problem:
        return problem


def _outcomes(entries: Sequence[GivenAnswer | Malformed], fates: Iterator[Fate]) -> Iterator[bodies.EntryOutcome]:
    for place, each in enumerate(entries):
        if isinstance(each, Malformed):
            yield bodies.EntryOutcome("refused", problem=told(located(each, f"entries[{place}]")))
        else:
            yield bodies.EntryOutcome(next(fates).value, each.question.fingerprint)
