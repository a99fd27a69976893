"""What an answer came to, as callers read it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from domain.answers import Answer
from domain.pricing import in_dollars
from entrypoints.http.replies import RawHeader


class BillBody(msgspec.Struct, frozen=True, kw_only=True):
    """What this answer cost and saved, exactly; the four numbers of tokens are told apart in docs/api.md."""

    cost_usd: Annotated[str | None, Meta(description="US dollars; null where no price is known.")] = "0"
    saved_usd: Annotated[str | None, Meta(description="US dollars that memory saved; null as above.")] = "0"
    served_tokens: int = 0
    provider_tokens: int = 0
    billable_tokens: int = 0
    avoided_tokens: int = 0


def bill_of(answer: Answer) -> BillBody:
    """Give it as a part of a body."""
    bill = answer.bill
    return BillBody(
        cost_usd=in_dollars(bill.cost),
        saved_usd=in_dollars(bill.saved),
        served_tokens=bill.served,
        provider_tokens=bill.provider,
        billable_tokens=bill.billable,
        avoided_tokens=bill.avoided,
    )


def bill_headers(bill: BillBody) -> tuple[RawHeader, RawHeader]:
    """Give it as headers."""
    return (b"x-ragboost-cost", _told(bill.cost_usd)), (b"x-ragboost-saved", _told(bill.saved_usd))


def _told(dollars: str | None) -> bytes:
    return dollars.encode() if dollars is not None else b"unknown"
