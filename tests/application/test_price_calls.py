from decimal import Decimal

import pytest

from adapters.tariff.memory import MemoryTariff
from application.price_calls import Priced
from domain.generation import Chunk, FinishReason, ModelTimedOut
from domain.pricing import Price, Rate
from domain.prompts import Prompt
from domain.tokens import TokenUsage
from tests.doubles import ScriptedModel, Step, saying

PRICE = Price(Rate(Decimal(1)), Rate(Decimal(2)))


def priced(*steps: Step, known: str = "scripted-1") -> Priced:
    return Priced(ScriptedModel(steps), "openai", MemoryTariff({f"openai/{known}": PRICE}))


async def chunks(model: Priced, asked: str = "scripted") -> list[Chunk]:
    return [each async for each in model.stream(Prompt(asked, ()))]


async def test_the_end_of_an_answer_says_what_it_cost() -> None:
    *spoken, last = await chunks(priced(*saying("One two.")))

    assert last.cost == Decimal("0.000011")
    assert spoken == [Chunk("One "), Chunk("two.")]


async def test_a_model_that_is_not_listed_under_its_exact_name_is_found_under_that_it_was_asked_by() -> None:
    (*_, last) = await chunks(priced(*saying("One two."), known="scripted"))

    assert last.cost == Decimal("0.000011")


async def test_a_model_that_does_not_name_itself_is_the_one_that_was_asked() -> None:
    ended = Chunk(finish_reason=FinishReason.STOP, usage=TokenUsage(3, 1))

    assert [each.cost for each in await chunks(priced(ended), "scripted-1")] == [Decimal("0.000005")]


async def test_what_an_answer_cost_is_unknown_where_no_price_is_known() -> None:
    (*_, last) = await chunks(priced(*saying("One two."), known="another"))

    assert last.cost is None


async def test_who_hangs_up_ends_the_call() -> None:
    model = priced(*saying("One two three."))
    stream = model.stream(Prompt("scripted", ()))
    await anext(stream)
    await stream.aclose()

    assert isinstance(model.inner, ScriptedModel)
    assert model.inner.closed == 1


async def test_a_failure_is_passed_on() -> None:
    with pytest.raises(ModelTimedOut):
        await chunks(priced(Chunk("One "), ModelTimedOut("late")))
