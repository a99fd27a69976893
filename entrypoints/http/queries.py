"""POST /api/v1/queries: ask many questions at once."""

from collections.abc import Iterator, Sequence

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from application.answer_questions import AnswerQuestions
from domain.answers import Answer, Asking
from domain.errors import Malformed
from entrypoints.http.answer_headers import STATUS_WORD
from entrypoints.http.bodies import SeparateItems
from entrypoints.http.documentation import problems
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.problems import Problem, located, told
from entrypoints.http.queries_bodies import AnsweredQuery, QueriesRequest, QueriesResponse
from entrypoints.http.query import described
from entrypoints.http.reception import Reception
from entrypoints.http.replies import Reply

Outcome = tuple[Asking, Answer | Exception]


def queries_door(reception: Reception, answer_questions: AnswerQuestions) -> HTTPRouteHandler:
    """Make the route."""

    @post(
        "/api/v1/queries",
        dto=SeparateItems[QueriesRequest],
        return_dto=None,
        status_code=200,
        tags=["Asking"],
        summary="Ask many questions at once",
        responses=problems(400, 401, 503),
    )
    async def queries(request: LeanRequest, data: JSONBody[QueriesRequest]) -> Response[QueriesResponse]:
        """Answer each query as if it came alone. Memory is asked once for all, models for a few at a time."""
        askings = await reception.askings(request, data.queries)
        sound = [each for each in askings if isinstance(each, Asking)]
        answers = await answer_questions(sound)
        return Reply(QueriesResponse(list(_results(askings, answers))), ())

    return queries


def _results(
    askings: Sequence[Asking | Malformed], answers: Sequence[Answer | Exception]
) -> Iterator[AnsweredQuery | Problem]:
    remaining = iter(answers)
    for place, asking in enumerate(askings):
        if isinstance(asking, Malformed):
            yield told(located(asking, f"queries[{place}]"))
        else:
            yield _result(asking, next(remaining), place)


def _result(asking: Asking, answer: Answer | Exception, place: int) -> AnsweredQuery | Problem:
    if isinstance(answer, Exception):
        return told(located(answer, f"queries[{place}]") if isinstance(answer, Malformed) else answer)
    return AnsweredQuery(
        **msgspec.structs.asdict(described(asking, answer)),
        status=200,
        cache=STATUS_WORD[answer.origin].decode(),
        stages_ms={stage: round(seconds * 1000, 3) for stage, seconds in asking.stopwatch.laps.items()},
    )
