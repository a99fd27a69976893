import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest
import stamina

from adapters.language_model.retrying import RetryingLanguageModel
from domain.call_events import ModelRetried
from domain.exhaustion import ModelResting, ModelThrottled
from domain.generation import Chunk, Completion, LanguageModel, ModelBroken, ModelOverloaded, ModelRefusedKey
from domain.prompts import Prompt
from domain.resilience import Backoff
from tests.doubles import RecordingEvents, ScriptedModel, Step, saying

SOON = Backoff(retries=2, initial=0.001, longest=0.01, jitter=0.001, longest_asked=0.5)
BROKEN = (ModelBroken("500"),)


def retrying(*turns: Sequence[Step]) -> tuple[RetryingLanguageModel, ScriptedModel, RecordingEvents]:
    model, events = ScriptedModel(*turns), RecordingEvents()
    return RetryingLanguageModel("openai", model, SOON, events), model, events


async def complete(model: LanguageModel) -> str:
    return Completion.fold("p", "m", [each async for each in model.stream(Prompt("m", ()))]).text


async def test_what_fails_in_passing_is_asked_again() -> None:
    model, asked, events = retrying(BROKEN, BROKEN, saying("At last."))
    assert await complete(model) == "At last."
    assert asked.calls == 3
    assert [type(each) for each in events.events] == [ModelRetried, ModelRetried]


async def test_an_answer_that_comes_at_once_is_told_to_nobody() -> None:
    model, asked, events = retrying(saying("At once."))
    assert (await complete(model), asked.calls, events.events) == ("At once.", 1, [])


async def test_the_last_failure_is_the_one_that_is_told() -> None:
    model, asked, _ = retrying(BROKEN, BROKEN, (ModelBroken("503"),))
    with pytest.raises(ModelBroken, match="503"):
        await complete(model)
    assert asked.calls == 3


async def test_what_does_not_pass_is_not_asked_again() -> None:
    model, asked, _ = retrying((ModelRefusedKey("401"),))
    with pytest.raises(ModelRefusedKey):
        await complete(model)
    assert asked.calls == 1


async def test_whoever_says_when_to_come_back_is_asked_then() -> None:
    model, _, events = retrying((ModelOverloaded("429", 0.1),), saying("At last."))
    began = asyncio.get_running_loop().time()
    assert await complete(model) == "At last."
    assert 0.09 < asyncio.get_running_loop().time() - began < 1
    (told,) = events.events
    assert isinstance(told, ModelRetried)
    assert told.seconds > 0.09


@pytest.mark.parametrize(
    "error", [ModelOverloaded("429", 60), ModelResting("left alone", 290), ModelThrottled("full", 0.01)]
)
async def test_nobody_waits_too_long(error: Exception) -> None:
    model, asked, _ = retrying((error,))
    with pytest.raises(type(error)):
        await complete(model)
    assert asked.calls == 1


async def test_once_something_was_said_nothing_is_asked_again() -> None:
    model, asked, _ = retrying((Chunk("Half"), ModelBroken("500")), saying("Whole."))
    with pytest.raises(ModelBroken):
        await complete(model)
    assert asked.calls == 1


async def test_a_stream_without_a_piece_is_passed_on_as_it_is() -> None:
    model, *_ = retrying(())
    assert [each async for each in model.stream(Prompt("m", ()))] == []


async def test_leaving_early_leaves_the_model() -> None:
    model, asked, _ = retrying(BROKEN, saying("Two words."))
    async with aclosing(model.stream(Prompt("m", ()))) as chunks:
        await anext(chunks)
    assert asked.closed == 1


async def test_who_gives_up_waiting_ends_the_call() -> None:
    model, asked, _ = retrying((asyncio.Event(),))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await complete(model)
    assert asked.closed == 1


def test_stamina_itself_tells_nobody() -> None:
    assert stamina.instrumentation.get_on_retry_hooks() == ()
