"""Prices that were set by hand."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from attrs import field, frozen

from domain.pricing import Price, Tariff


@frozen
class MemoryTariff(Tariff):
    """Knows the *prices* it was given, by ``provider/model``; in a model's name ``*`` stands for anything."""

    prices: Mapping[str, Price] = field(factory=dict)

    async def open(self) -> None:
        """Know all there is to know."""

    def price(self, provider: str, model: str) -> Price | None:
        """Look for the name itself, then for the longest pattern that it matches."""
        name = f"{provider}/{model}"
        matching = [each for each in self.prices if fnmatchcase(name, each)]
        return self.prices.get(name) or (self.prices[max(matching, key=len)] if matching else None)
