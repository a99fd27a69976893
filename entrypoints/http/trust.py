"""/api/v1/cache/feedback and /quality: say that an answer was wrong, and see how well the promise is kept."""

import re

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody

from application.give_feedback import Feedback, GiveFeedback
from application.keep_verdicts import Judged
from application.report_quality import Quality, ReportQuality
from domain.errors import Malformed
from domain.questions import Fingerprint
from entrypoints.http import trust_bodies as bodies
from entrypoints.http.bodies import JSONStruct
from entrypoints.http.documentation import problems, problems_without_body
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.query_request import NAME
from entrypoints.http.reception import Reception

DIGITS = 6
"""Decimals of rates and probabilities."""


def feedback_door(reception: Reception, give_feedback: GiveFeedback) -> HTTPRouteHandler:
    """Make the route that hears users."""

    @post(
        "/feedback",
        dto=JSONStruct[bodies.FeedbackRequest],
        return_dto=None,
        status_code=200,
        summary="Report an answer as right or wrong",
        responses=problems(400, 401, 403, 404, 503),
    )
    async def feedback(request: LeanRequest, data: JSONBody[bodies.FeedbackRequest]) -> bodies.FeedbackResponse:
        """Remove a wrong answer, never serve it for this question again, and learn from it."""
        tenant = await reception.reporter(request)
        said = Feedback(Fingerprint(data.entry_id), data.query, data.correct, data.note)
        done = await give_feedback(tenant, said)
        return bodies.FeedbackResponse(done.removed, done.known)

    return feedback


def quality_door(reception: Reception, report_quality: ReportQuality) -> HTTPRouteHandler:
    """Make the route that reports."""

    @get("/quality", summary="How well the promise is kept", responses=problems_without_body(400, 401, 503))
    async def quality(request: LeanRequest, namespace: FromQuery[str | None] = None) -> bodies.QualityResponse:
        """Report on each namespace of the caller's tenant, or on one; empty is what was asked outside of all."""
        tenant = await reception.tenant(request)
        if namespace and not re.match(NAME, namespace):
            raise Malformed.field("namespace", "must be 1 to 64 letters, digits, `.`, `_` or `-`, or empty")
        each, whole = await report_quality(tenant, namespace), await report_quality.overall(tenant)
        return bodies.QualityResponse(tenant, _namespace(whole) if whole else None, list(map(_namespace, each)))

    return quality


def _namespace(quality: Quality) -> bodies.NamespaceQuality:
    tally, measured = quality.tally, quality.measured
    return bodies.NamespaceQuality(
        namespace=quality.traffic.namespace,
        requests=tally.requests,
        hit_rate=round(quality.hit_rate, DIGITS),
        exact_hits=tally.exact_hits,
        semantic_hits=tally.semantic_hits,
        budget=quality.budget.share,
        breached=quality.breached,
        expected_wrong_rate=None if quality.expected is None else round(quality.expected, DIGITS),
        measured_wrong_rate=bodies.MeasuredRate(
            round(measured.share, DIGITS), round(measured.low, DIGITS), round(measured.high, DIGITS), round(measured.of)
        ),
        labels=_labels(quality),
        at_other_budgets=_other_budgets(quality),
        nearest_misses=[_judged(each) for each in quality.refused],
        spent_on=[_judged(each) for each in quality.risked],
    )


def _other_budgets(quality: Quality) -> list[bodies.OtherBudget]:
    return [
        bodies.OtherBudget(each.budget, round(each.hit_rate, DIGITS), round(each.semantic_hit_rate, DIGITS))
        for each in quality.prospects
    ]


def _labels(quality: Quality) -> bodies.Labels:
    tally = quality.tally
    return bodies.Labels(
        misses_agreed=tally.misses_agreed,
        misses_differed=tally.misses_differed,
        checks_right=tally.checks - tally.checks_wrong,
        checks_wrong=tally.checks_wrong,
        reports_right=tally.reports_right,
        reports_wrong=tally.reports_wrong,
    )


def _judged(judged: Judged) -> bodies.JudgedPair:
    verdict = judged.verdict
    return bodies.JudgedPair(
        stored=judged.stored,
        asked=judged.asked,
        reason=verdict.reason,
        similarity=verdict.similarity,
        probability=verdict.probability,
        differences=list(verdict.differences),
        at=judged.at,
    )
