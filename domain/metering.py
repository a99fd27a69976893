"""The books: what was served, what was called for it, and what it came to, by day, tenant and model."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from attrs import define, fields, frozen

from domain.errors import PartUnavailable
from domain.pricing import NOTHING, Bill, Savings
from domain.tokens import TokenUsage


@frozen
class Account:
    """What is summed up together; *day* is one of UTC. The *tenant* of calls that were nobody's is empty."""

    day: date
    tenant: str
    provider: str
    model: str


@define
class Consumption:
    """
    Sums of one account; tokens as the providers counted them, money in US dollars.

    *answers* were served, *remembered* of them without a call of their own; *calls* of the model were made.
    *served* are the tokens of all answers served. *provider* are the tokens that the provider counted for all calls,
    those too that no asker waited for; *billable* are those of them that have to be paid. *avoided* are the tokens
    that it would have counted for the answers that needed no call.

    *spent* is the cost of all calls, *borne* the part of it that askers waited for, *saved* what the *avoided* tokens
    would have cost. *unpriced* counts the calls and the answers that are missing in these, for no price is known.
    """

    answers: int = 0
    remembered: int = 0
    calls: int = 0
    served: int = 0
    provider: int = 0
    billable: int = 0
    avoided: int = 0
    unpriced: int = 0
    spent: Decimal = NOTHING
    borne: Decimal = NOTHING
    saved: Decimal = NOTHING

    @property
    def savings(self) -> Savings:
        """Say what memory was worth; what was called and not waited for, only memory needed."""
        return Savings(self.saved, self.spent - self.borne)

    def note_answer(self, bill: Bill, *, remembered: bool) -> None:
        """Book an answer that was served."""
        self.answers += 1
        self.remembered += remembered
        self.served += bill.served
        self.avoided += bill.avoided
        self.borne += bill.cost or NOTHING
        self.saved += bill.saved or NOTHING
        self.unpriced += bill.saved is None

    def note_call(self, usage: TokenUsage, cost: Decimal | None) -> None:
        """Book a call of a model."""
        self.calls += 1
        self.provider += usage.total
        self.billable += 0 if cost == NOTHING else usage.total
        self.spent += cost or NOTHING
        self.unpriced += cost is None

    def add(self, other: "Consumption") -> None:
        """Take in what *other* holds."""
        for each in _SUMS:
            setattr(self, each, getattr(self, each) + getattr(other, each))


_SUMS = tuple(each.name for each in fields(Consumption))


@frozen
class Posting:
    """What is booked to an account."""

    account: Account
    consumption: Consumption


@frozen
class Period:
    """Days of UTC, from the *first* to the *last*, both included."""

    first: date
    last: date


@frozen
class Line:
    """What one model was used for on one day, by all tenants or by one."""

    day: date
    provider: str
    model: str
    consumption: Consumption


@frozen
class Usage:
    """What models were used for, by day and model, and in all."""

    lines: Sequence[Line]
    total: Consumption


class Ledger(Protocol):
    """Keeps the books. Raises ``LedgerUnavailable``."""

    @abstractmethod
    async def add(self, postings: Sequence[Posting]) -> None:
        """Add *postings* to what is booked, all or none; what is given twice counts twice."""

    @abstractmethod
    async def read(self, period: Period, tenant: str | None = None) -> Sequence[Posting]:
        """Give what is booked to the days of *period*, of one tenant or of all, in the order of its account."""


class LedgerUnavailable(PartUnavailable):
    """The books could not be read or written."""

    part = "the books"
