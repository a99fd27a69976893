import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from application.time_models import Timed
from domain.generation import Chunk, FinishReason, LanguageModel, ModelTimedOut
from domain.prompts import Prompt
from tests.doubles import ScriptedModel, saying

PROMPT = Prompt("m", ())


class Slow(LanguageModel):
    """Waits so many seconds before each piece."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = pauses

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        for pause in self.pauses:
            await asyncio.sleep(pause)
            yield Chunk("piece ")
        yield Chunk(finish_reason=FinishReason.STOP)


async def collect(model: LanguageModel) -> list[Chunk]:
    return [each async for each in model.stream(PROMPT)]


async def test_what_comes_in_time_is_passed_on_as_it_is() -> None:
    assert await collect(Timed(ScriptedModel(), 1, 1)) == list(saying("An answer."))


@pytest.mark.parametrize("pauses", [(1.0,), (0.0, 1.0)], ids=["before the first piece", "between two"])
async def test_a_silence_that_is_too_long_ends_the_call(pauses: tuple[float, ...]) -> None:
    with pytest.raises(ModelTimedOut, match=r"nothing came for 0\.02 s"):
        await collect(Timed(Slow(*pauses), 0.02, 1))


async def test_whoever_keeps_talking_may_not_do_so_for_ever() -> None:
    with pytest.raises(ModelTimedOut, match=r"the answer took longer than 0\.1 s"):
        await collect(Timed(Slow(*[0.02] * 20), 1, 0.1))


async def test_a_slow_stream_that_keeps_talking_may_outlast_the_silence() -> None:
    assert len(await collect(Timed(Slow(*[0.02] * 5), 0.08, 1))) == 6


async def test_who_was_given_up_is_left_behind_closed() -> None:
    model = ScriptedModel((Chunk("Half"), asyncio.Event()))
    with pytest.raises(ModelTimedOut):
        await collect(Timed(model, 0.01, 1))
    assert model.closed == 1


async def test_leaving_early_leaves_the_model() -> None:
    model = ScriptedModel(saying("Two words."))
    async with aclosing(Timed(model, 1, 1).stream(PROMPT)) as chunks:
        await anext(chunks)
    assert model.closed == 1
