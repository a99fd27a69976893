"""The price lists of the package genai-prices, which needs no network: they are as new as the package."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from attrs import define, field

from domain.clock import Clock
from domain.pricing import FINEST, NOTHING, Price, Rate, Tariff

THOUSAND = 1000

_log = logging.getLogger(__name__)


def _read() -> Any:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - takes a second

    return get_snapshot()


@define
class GenaiPricesTariff(Tariff):
    """
    Knows a provider by its address, of *addresses* by the name that it has in the configuration.

    So whatever answers elsewhere in OpenAI's format is not taken for OpenAI. Reading the lists takes most of a second
    and 15 MB, in a thread, once.
    """

    addresses: Mapping[str, str]
    clock: Clock
    read: Callable[[], Any] = _read
    _lists: Any = field(default=None, init=False, repr=False)
    _was_opened: bool = field(default=False, init=False, repr=False)
    _reading: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)

    async def open(self) -> None:
        """Read the lists in a thread, if there is any provider to look for; if they cannot be read, do without."""
        async with self._reading:
            if self.addresses and not self._was_opened:
                await self._read_lists()
                self._was_opened = True

    async def _read_lists(self) -> None:
        try:
            self._lists = await asyncio.to_thread(self.read)
        except Exception as error:  # noqa: BLE001 - the port: a tariff never fails
            _log.error("price lists cannot be read, so what calls cost is unknown: %s", error)

    def price(self, provider: str, model: str) -> Price | None:
        """Look it up as of now: prices change at a date, and some by the hour."""
        address = self.addresses.get(provider)
        if self._lists is None or address is None:
            return None
        try:
            _, found = self._lists.find_provider_model(model, None, None, address)
        except LookupError:
            return None
        return _price(found.get_prices(datetime.fromtimestamp(self.clock.now(), UTC)))


def _price(listed: Any) -> Price | None:
    """Translate; a model that does not say what text costs, both ways, has no price here."""
    prompt, completion = _rate(listed.input_mtok), _rate(listed.output_mtok)
    if prompt is None or completion is None:
        return None
    return Price(
        prompt,
        completion,
        _rate(listed.cache_read_mtok),
        _rate(listed.cache_write_mtok),
        _rate(listed.output_reasoning_mtok),
        _per_call(listed.requests_kcount),
    )


def _rate(listed: Any) -> Rate | None:
    if listed is None:
        return None
    steps = tuple((step.start, _exact(step.price)) for step in getattr(listed, "tiers", ()))
    return Rate(_exact(getattr(listed, "base", listed)), steps)


def _per_call(listed: Any) -> Decimal:
    return _exact(getattr(listed, "base", listed)) / THOUSAND if listed is not None else NOTHING


def _exact(listed: Decimal) -> Decimal:
    """Some prices in the lists went through floats on their way."""
    return listed.quantize(FINEST)
