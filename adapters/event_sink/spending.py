"""Tokens and dollars, summed up as they come, and shown when somebody looks."""

from collections.abc import Iterator
from decimal import Decimal

from attrs import define, field
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from domain.pricing import NOTHING, Bill
from domain.tokens import TokenUsage

MOST = 200
"""Models that are told apart: each is a series for ever."""


@define
class _Sums:
    """Those of one model; what the words mean is told in ``domain/pricing.py``."""

    served: int = 0
    provider: int = 0
    billable: int = 0
    avoided: int = 0
    spent: Decimal = NOTHING
    saved: Decimal = NOTHING
    unpriced: int = 0


@define
class Spending:
    """
    Counts by provider and model in less than a microsecond: an instrument's own counter takes several for each number.

    Models are named as their providers name them, so there are not many; beyond ``MOST`` they are ``_OTHER``.
    """

    _sums: dict[tuple[str, str], _Sums] = field(factory=dict, init=False)

    def show_on(self, meter: Meter) -> None:
        """Let *meter* ask for the sums whenever it is read."""
        tokens = "Tokens by provider and model: served, counted by the provider, billable and avoided."
        money = "US dollars by provider and model: spent on calls, and what remembered answers would have cost."
        unpriced = "Calls and remembered answers of which nobody knows what they cost."
        meter.create_observable_counter("ragboost.tokens", [self._tokens], "", tokens)
        meter.create_observable_counter("ragboost.cost", [self._money], "usd", money)
        meter.create_observable_counter("ragboost.unpriced", [self._unpriced], "", unpriced)

    def answered(self, provider: str, model: str, bill: Bill) -> None:
        """Count an answer."""
        sums = self._of((provider, model))
        sums.served += bill.served
        sums.avoided += bill.avoided
        sums.saved += bill.saved or NOTHING
        sums.unpriced += bill.saved is None

    def called(self, provider: str, model: str, usage: TokenUsage, cost: Decimal | None) -> None:
        """Count a call."""
        sums = self._of((provider, model))
        sums.provider += usage.total
        sums.billable += 0 if cost == NOTHING else usage.total
        sums.spent += cost or NOTHING
        sums.unpriced += cost is None

    def _of(self, named: tuple[str, str]) -> _Sums:
        found = self._sums.get(named)
        if found is None:
            named = named if len(self._sums) < MOST else (named[0], "_OTHER")
            found = self._sums.setdefault(named, _Sums())
        return found

    def _tokens(self, _: CallbackOptions) -> Iterator[Observation]:
        for (provider, model), sums in tuple(self._sums.items()):
            for kind in ("served", "provider", "billable", "avoided"):
                yield Observation(getattr(sums, kind), {"provider": provider, "model": model, "kind": kind})

    def _money(self, _: CallbackOptions) -> Iterator[Observation]:
        for (provider, model), sums in tuple(self._sums.items()):
            for kind in ("spent", "saved"):
                yield Observation(float(getattr(sums, kind)), {"provider": provider, "model": model, "kind": kind})

    def _unpriced(self, _: CallbackOptions) -> Iterator[Observation]:
        for (provider, model), sums in tuple(self._sums.items()):
            yield Observation(sums.unpriced, {"provider": provider, "model": model})
