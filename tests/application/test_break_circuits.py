import asyncio
from contextlib import aclosing, suppress

import pytest

from application import break_circuits
from application.break_circuits import Breaking
from domain.call_events import BreakerClosed, BreakerOpened
from domain.exhaustion import ModelResting
from domain.generation import Chunk, ModelBroken, ModelFailed, ModelOverloaded, ModelRefusedKey, PromptRefused
from domain.prompts import Prompt
from domain.resilience import State
from tests.doubles import RecordingEvents, ScriptedModel, Step, StoppedClock, saying

BROKEN: tuple[Step, ...] = (ModelBroken("500"),)


def breaking(*turns: tuple[Step, ...]) -> Breaking:
    model = ScriptedModel(*turns) if turns else ScriptedModel()
    return Breaking("openai", model, StoppedClock(), RecordingEvents(), strikes=3, cool_down=300)


async def ask(model: Breaking, *, times: int = 1, name: str = "m") -> None:
    for _ in range(times):
        with suppress(ModelFailed, PromptRefused):
            async for _ in model.stream(Prompt(name, ())):
                pass


def calls(model: Breaking) -> int:
    assert isinstance(model.model, ScriptedModel)
    return model.model.calls


def noted(model: Breaking) -> list[object]:
    assert isinstance(model.events, RecordingEvents)
    return list(model.events.events)


def pass_time(model: Breaking, seconds: float) -> None:
    assert isinstance(model.clock, StoppedClock)
    model.clock.advance(seconds)


async def test_a_model_that_fails_again_and_again_is_left_alone() -> None:
    model = breaking(BROKEN)
    await ask(model, times=3)
    assert noted(model) == [BreakerOpened("openai", "m", 300)]
    pass_time(model, 100)
    with pytest.raises(ModelResting, match="failed 3 times in a row, and is left alone for 200 s") as caught:
        async for _ in model.stream(Prompt("m", ())):
            pass
    assert caught.value.resets_in == 200
    assert calls(model) == 3


async def test_the_same_provider_s_other_models_are_asked_as_ever() -> None:
    model = breaking(BROKEN)
    await ask(model, times=3)
    await ask(model, name="other")
    assert (calls(model), model.state("m"), model.state("other")) == (4, State.OPEN, State.CLOSED)


async def test_after_the_cool_down_a_trial_that_goes_well_lets_all_in() -> None:
    model = breaking(BROKEN, BROKEN, BROKEN, saying("Well again."))
    await ask(model, times=3)
    pass_time(model, 300)
    await ask(model, times=2)
    assert (calls(model), model.state("m")) == (5, State.CLOSED)
    assert noted(model)[1:] == [BreakerClosed("openai", "m")]


async def test_a_trial_that_fails_begins_the_wait_anew() -> None:
    model = breaking(BROKEN)
    await ask(model, times=3)
    pass_time(model, 300)
    await ask(model, times=3)
    assert calls(model) == 4


async def test_a_success_in_between_forgives() -> None:
    model = breaking(BROKEN, BROKEN, saying("Well."), BROKEN, BROKEN, saying("Well."))
    await ask(model, times=6)
    assert (model.state("m"), noted(model)) == (State.CLOSED, [])


@pytest.mark.parametrize(
    "error",
    [PromptRefused.field("model", "none"), ModelRefusedKey("401"), ModelFailed("418"), ModelOverloaded("429", 2.0)],
)
async def test_who_answers_that_he_will_not_is_not_broken(error: Exception) -> None:
    model = breaking((error,))
    await ask(model, times=9)
    assert (calls(model), model.state("m")) == (9, State.CLOSED)


async def test_who_is_overloaded_and_cannot_say_until_when_is_left_alone() -> None:
    model = breaking((ModelOverloaded("529"),))
    await ask(model, times=9)
    assert calls(model) == 3


async def test_a_trial_of_which_nothing_is_heard_makes_room_for_another() -> None:
    model = breaking(BROKEN, BROKEN, BROKEN, (Chunk("Half"), asyncio.Event()), (ModelOverloaded("429", 2.0),))
    await ask(model, times=3)
    pass_time(model, 300)
    async with aclosing(model.stream(Prompt("m", ()))) as chunks:
        await anext(chunks)
    await ask(model, times=2)
    assert (calls(model), model.state("m")) == (6, State.OPEN)


async def test_leaving_early_leaves_the_model_and_judges_nobody() -> None:
    model = breaking(saying("Two words."))
    async with aclosing(model.stream(Prompt("m", ()))) as chunks:
        await anext(chunks)
    assert isinstance(model.model, ScriptedModel)
    assert (model.model.closed, model.state("m")) == (1, State.CLOSED)


async def test_whatever_askers_call_their_models_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(break_circuits, "MOST", 2)
    model = breaking(BROKEN)
    for name in ("a", "b", "c"):
        await ask(model, name=name, times=3)
    assert [model.state(name) for name in ("a", "b", "c")] == [State.CLOSED, State.OPEN, State.OPEN]
