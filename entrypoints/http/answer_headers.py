"""The headers of an answer: where it came from, how old it is, what it cost, how long each stage took."""

from collections.abc import Sequence
from math import isfinite

from application.tell_answers import Telling
from domain.answers import Answer, Asking, Origin
from entrypoints.http.bills import BillBody, bill_headers, bill_of
from entrypoints.http.replies import RawHeader

STATUS_WORD = {
    Origin.EXACT_HIT: b"exact",
    Origin.SEMANTIC_HIT: b"semantic",
    Origin.STALE_HIT: b"stale",
    Origin.GENERATED: b"miss",
    Origin.COALESCED: b"coalesced",
    Origin.PASSED: b"pass",
    Origin.APOLOGY: b"apology",
}
"""What ``X-RAGBoost-Cache`` says."""


def headers_of(asking: Asking, answer: Answer, bill: BillBody | None = None) -> Sequence[RawHeader]:
    """Give those of an answer that is there; *bill* is its own, if it was made out already."""
    headers = [*_status(asking, answer.origin), *bill_headers(bill or bill_of(answer))]
    # Unknown, that is infinite, when the clock was set back while a model was asked.
    aged = answer.source and isfinite(answer.age)
    return [*headers, (b"age", b"%d" % answer.age)] if aged else headers


def headers_so_far(asking: Asking, telling: Telling) -> Sequence[RawHeader]:
    """Give what is known of an answer that has begun; what it costs, only its last event can tell."""
    return headers_of(asking, telling.whole) if telling.whole else _status(asking, telling.origin)


def _status(asking: Asking, origin: Origin) -> Sequence[RawHeader]:
    return [(b"x-ragboost-cache", STATUS_WORD[origin]), (b"server-timing", _timing(asking).encode())]


def _timing(asking: Asking) -> str:
    return ", ".join([f"{stage};dur={seconds * 1000:.3f}" for stage, seconds in asking.stopwatch.laps.items()])
