"""Several tariffs as one."""

from collections.abc import Sequence

from attrs import frozen

from domain.pricing import Price, Tariff


@frozen
class LayeredTariff(Tariff):
    """Asks *tariffs* in order; the first that knows a price is believed."""

    tariffs: Sequence[Tariff]

    async def open(self) -> None:
        """Open all of them."""
        for each in self.tariffs:
            await each.open()

    def price(self, provider: str, model: str) -> Price | None:
        """Give the first price that is known."""
        found = (each.price(provider, model) for each in self.tariffs)
        return next((each for each in found if each is not None), None)
