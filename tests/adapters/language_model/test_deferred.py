import asyncio
from contextlib import aclosing

import pytest

from adapters.language_model.deferred import DeferredLanguageModel
from domain.generation import Chunk, LanguageModel, PromptRefused
from domain.prompts import Prompt
from tests.doubles import ScriptedModel, saying

PROMPT = Prompt("scripted-1", ())


class Builder:
    """Counts how often it builds; the first *failures* times it cannot."""

    def __init__(self, model: LanguageModel, failures: int = 0) -> None:
        self.model, self.failures, self.built = model, failures, 0

    def __call__(self) -> LanguageModel:
        self.built += 1
        if self.built <= self.failures:
            raise ImportError("no SDK")
        return self.model


async def test_it_is_built_once_when_it_is_first_needed() -> None:
    build = Builder(ScriptedModel(saying("Hello you.")))
    deferred = DeferredLanguageModel(build)
    assert build.built == 0

    texts = await asyncio.gather(*(_text(deferred) for _ in range(5)))

    assert (build.built, set(texts)) == (1, {"Hello you."})


async def test_one_that_could_not_be_built_is_tried_again() -> None:
    deferred = DeferredLanguageModel(Builder(ScriptedModel(saying("Hello.")), failures=1))
    with pytest.raises(ImportError):
        await _text(deferred)

    assert await _text(deferred) == "Hello."


async def test_leaving_early_ends_the_real_stream() -> None:
    model = ScriptedModel((Chunk("a"), asyncio.Event()))

    async with aclosing(DeferredLanguageModel(Builder(model)).stream(PROMPT)) as stream:
        await anext(stream)

    assert model.closed == 1


class Closing(ScriptedModel):
    is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


async def test_closing_closes_what_was_built() -> None:
    model = Closing(saying("Hello."))
    deferred = DeferredLanguageModel(Builder(model))
    await deferred.aclose()
    assert not model.is_closed

    await deferred.prepare()
    await deferred.aclose()

    assert model.is_closed


async def test_closing_what_has_nothing_to_close_is_fine() -> None:
    deferred = DeferredLanguageModel(Builder(ScriptedModel()))
    await deferred.prepare()

    await deferred.aclose()


async def _text(model: LanguageModel) -> str:
    return "".join([chunk.text async for chunk in model.stream(PROMPT)])


async def test_one_that_cannot_count_says_so() -> None:
    with pytest.raises(PromptRefused, match="does not count"):
        await DeferredLanguageModel(Builder(ScriptedModel())).count(PROMPT)
