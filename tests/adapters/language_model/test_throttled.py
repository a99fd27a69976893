import asyncio
from contextlib import aclosing

import pytest
from limits import RateLimitItemPerSecond

from adapters.language_model.throttled import Limits, ThrottledLanguageModel, roughly
from domain.call_events import CallQueued
from domain.exhaustion import ModelThrottled
from domain.generation import Chunk, LanguageModel
from domain.prompts import Message, Prompt, Role
from domain.tokens import TokenUsage
from tests.doubles import RecordingEvents, ScriptedModel, saying

PROMPT = Prompt("m", (Message(Role.USER, "four" * 9),))


def throttled(limits: Limits, model: ScriptedModel | None = None) -> tuple[ThrottledLanguageModel, RecordingEvents]:
    events = RecordingEvents()
    return ThrottledLanguageModel("openai", model or ScriptedModel(), limits, events), events


async def ask(model: LanguageModel) -> list[Chunk]:
    return [each async for each in model.stream(PROMPT)]


async def test_within_the_limits_nobody_waits() -> None:
    model, events = throttled(Limits(calls=3, tokens=1000))
    assert await ask(model) == list(saying("An answer."))
    await ask(model)
    assert events.events == []


async def test_who_is_one_too_many_waits_for_his_turn() -> None:
    model, events = throttled(Limits(calls=5, period=RateLimitItemPerSecond))
    await asyncio.gather(*[ask(model) for _ in range(7)])
    queued = [each for each in events.events if isinstance(each, CallQueued)]
    assert queued
    assert all(each.admitted and 0 < each.seconds < 3 for each in queued)


async def test_when_so_many_wait_the_next_is_refused_and_told_when_to_come_back() -> None:
    model, events = throttled(Limits(calls=2, queue=0))
    await ask(model)
    await ask(model)
    with pytest.raises(ModelThrottled, match="0 calls wait already") as caught:
        await ask(model)
    assert caught.value.resets_in == 30
    (told,) = events.events
    assert isinstance(told, CallQueued)
    assert not told.admitted


async def test_nobody_waits_for_ever() -> None:
    model, events = throttled(Limits(calls=1, patience=0.05))
    await ask(model)
    with pytest.raises(ModelThrottled):
        await ask(model)
    assert [type(each) for each in events.events] == [CallQueued]


async def test_who_comes_first_is_served_first() -> None:
    asked = ScriptedModel()
    model, _ = throttled(Limits(calls=2, period=RateLimitItemPerSecond), asked)
    tasks = []
    for number in range(5):
        prompt = Prompt(f"{number}", ())
        tasks.append(asyncio.create_task(anext(model.stream(prompt))))  # type: ignore[arg-type]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert [each.model for each in asked.prompts] == ["0", "1", "2", "3", "4"]


async def test_who_gives_up_waiting_leaves_room_for_others() -> None:
    model, _ = throttled(Limits(calls=1, queue=1))
    await ask(model)
    waiting = asyncio.create_task(ask(model))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    another = asyncio.create_task(ask(model))
    await asyncio.sleep(0.01)
    assert not another.done()
    another.cancel()


async def test_tokens_are_guessed_before_and_counted_after_the_call() -> None:
    spent = Chunk(usage=TokenUsage(50, 49))
    model, _ = throttled(Limits(tokens=100, queue=0), ScriptedModel((spent,)))
    assert roughly(PROMPT) == 10
    await ask(model)
    with pytest.raises(ModelThrottled):
        await ask(model)


async def test_a_prompt_that_never_fits_has_its_turn_when_nothing_else_was_asked() -> None:
    model, _ = throttled(Limits(tokens=5, queue=0))
    assert await ask(model)
    with pytest.raises(ModelThrottled):
        await ask(model)


async def test_leaving_early_leaves_the_model() -> None:
    asked = ScriptedModel(saying("Two words."))
    model, _ = throttled(Limits(calls=9), asked)
    async with aclosing(model.stream(PROMPT)) as chunks:
        await anext(chunks)
    assert asked.closed == 1
