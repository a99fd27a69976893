"""What every tariff promises."""

from decimal import Decimal

import pytest

from adapters.tariff.genai_prices import GenaiPricesTariff
from adapters.tariff.layered import LayeredTariff
from adapters.tariff.memory import MemoryTariff
from domain.pricing import FREE, Price, Rate, Tariff
from domain.tokens import TokenUsage
from tests.doubles import StoppedClock

PRICE = Price(Rate(Decimal("2.5")), Rate(Decimal(10)), cached=Rate(Decimal("1.25")))
"""What gpt-4o costs, too."""


def by_hand() -> Tariff:
    return MemoryTariff({"openai/gpt-4o": PRICE})


def listed(**addresses: str) -> GenaiPricesTariff:
    return GenaiPricesTariff(addresses or {"openai": "https://api.openai.com/v1"}, StoppedClock(1_790_000_000.0))


def layered() -> Tariff:
    return LayeredTariff([MemoryTariff({"ollama/*": FREE}), listed()])


@pytest.fixture(params=[by_hand, listed, layered], ids=lambda each: each.__name__)
async def tariff(request: pytest.FixtureRequest) -> Tariff:
    made: Tariff = request.param()
    await made.open()
    return made


async def test_it_knows_what_a_model_costs(tariff: Tariff) -> None:
    price = tariff.price("openai", "gpt-4o")

    assert price
    assert price.cost(TokenUsage(1000, 100, cached=500)) == Decimal("0.002875")


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "of-my-own"), ("nobody", "gpt-4o"), ("", ""), ("openai", "☃" * 10_000), ("openai", "[*")],
)
async def test_a_price_that_it_does_not_know_is_unknown(tariff: Tariff, provider: str, model: str) -> None:
    assert tariff.price(provider, model) is None


async def test_it_may_be_opened_again(tariff: Tariff) -> None:
    before = tariff.price("openai", "gpt-4o")
    await tariff.open()

    assert tariff.price("openai", "gpt-4o") == before


class TestByHand:
    def test_a_pattern_stands_for_many_models_and_the_closest_one_counts(self) -> None:
        tariff = MemoryTariff({"*/*": FREE, "openai/gpt-*": PRICE, "openai/gpt-[x]": FREE})

        assert [tariff.price("openai", each) for each in ("gpt-4o", "gpt-[x]", "other")] == [PRICE, FREE, FREE]


class TestListed:
    def test_before_it_is_opened_nothing_is_known(self) -> None:
        assert listed().price("openai", "gpt-4o") is None

    async def test_lists_that_cannot_be_read_are_done_without(self, caplog: pytest.LogCaptureFixture) -> None:
        def broken() -> None:
            raise ImportError("no such file")

        tariff = GenaiPricesTariff({"openai": "https://api.openai.com/v1"}, StoppedClock(), broken)
        await tariff.open()
        await tariff.open()

        assert tariff.price("openai", "gpt-4o") is None
        assert caplog.messages == ["price lists cannot be read, so what calls cost is unknown: no such file"]

    async def test_where_there_is_no_provider_they_are_not_read(self) -> None:
        def forbidden() -> None:
            raise AssertionError

        await GenaiPricesTariff({}, StoppedClock(), forbidden).open()

    async def test_what_answers_elsewhere_in_the_same_format_has_another_price(self) -> None:
        tariff = listed(openai="http://ollama.example:11434/v1", groq="https://api.groq.com/openai/v1")
        await tariff.open()

        assert tariff.price("openai", "gpt-4o") is None
        assert tariff.price("groq", "llama-3.3-70b-versatile")

    async def test_prices_of_long_prompts_and_of_calls_are_told(self) -> None:
        tariff = listed(
            google="https://generativelanguage.googleapis.com/v1beta/openai", perplexity="https://api.perplexity.ai"
        )
        await tariff.open()
        long, call = tariff.price("google", "gemini-2.5-pro"), tariff.price("perplexity", "sonar")

        assert long
        assert long.prompt == Rate(Decimal("1.25"), ((200_000, Decimal("2.5")),))
        assert call
        assert call.call == Decimal("0.012")

    async def test_a_model_that_takes_no_text_has_no_price(self) -> None:
        tariff = listed()
        await tariff.open()

        assert tariff.price("openai", "text-embedding-3-small") is None


class TestLayered:
    async def test_the_first_that_knows_a_price_is_believed(self) -> None:
        tariff = LayeredTariff([MemoryTariff({"openai/gpt-4o": FREE}), by_hand()])

        assert tariff.price("openai", "gpt-4o") == FREE
