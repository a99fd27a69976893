import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from application.fall_back import FallingBack
from application.select_models import Candidate, InOrder, InTurn
from domain.attempts import Tried
from domain.call_events import ModelFellBack
from domain.exhaustion import NoModelAnswered
from domain.generation import Chunk, Completion, ModelOverloaded, ModelRefusedKey, ModelTimedOut, PromptRefused
from domain.prompts import Prompt
from tests.doubles import RecordingEvents, ScriptedModel, Step, saying

LATE = ModelTimedOut("nothing came\nfor 30 s")


async def complete(falling: FallingBack, model: str = "m1|m2") -> Completion:
    return Completion.fold("?", "?", [each async for each in falling.stream(Prompt(model, ()))])


def between(*turns: Sequence[Step]) -> tuple[FallingBack, list[ScriptedModel], RecordingEvents]:
    models, events = [ScriptedModel(turn) for turn in turns], RecordingEvents()
    named = {f"p{number}": model for number, model in enumerate(models, 1)}
    return FallingBack(named, InOrder(), events), models, events


async def test_the_first_answers_while_it_can_and_is_named() -> None:
    falling, (first, second), events = between(saying("One."), saying("Two."))
    done = await complete(falling)
    assert (done.text, done.provider, done.tried) == ("One.", "p1", ())
    assert (first.prompts[0].model, second.calls, events.events) == ("m1", 0, [])


async def test_when_it_fails_in_passing_the_next_answers_and_says_what_was_tried() -> None:
    falling, (_, second), events = between((LATE,), saying("Two."))
    done = await complete(falling)
    assert (done.text, done.provider) == ("Two.", "p2")
    assert done.tried == (Tried("p1", "m1", "nothing came for 30 s"),)
    assert second.prompts[0].model == "m2"
    assert events.events == [ModelFellBack("p1", "m1", LATE, "p2")]


async def test_one_name_of_a_model_is_for_all() -> None:
    falling, (first, second), _ = between((LATE,), saying("Two."))
    await complete(falling, "same")
    assert (first.prompts[0].model, second.prompts[0].model) == ("same", "same")


async def test_a_stream_without_a_piece_is_a_failure() -> None:
    falling, *_ = between((), saying("Two."))
    assert (await complete(falling)).tried[0].reason == "the stream ended before the answer began"


@pytest.mark.parametrize("error", [PromptRefused.field("model", "no such model"), ModelRefusedKey("401")])
async def test_what_does_not_pass_is_not_asked_of_others(error: Exception) -> None:
    falling, (_, second), _ = between((error,), saying("Two."))
    with pytest.raises(type(error)) as caught:
        await complete(falling)
    assert caught.value is error
    assert second.calls == 0


async def test_when_all_fail_each_is_told_in_a_line() -> None:
    falling, *_ = between((LATE,), (ModelOverloaded("busy", 7.0),))
    with pytest.raises(NoModelAnswered) as caught:
        await complete(falling)
    assert str(caught.value) == "no model answered\np1 (m1): nothing came for 30 s\np2 (m2): busy"
    assert caught.value.resets_in == 7.0
    assert [each.provider for each in caught.value.tried] == ["p1", "p2"]


async def test_an_heir_that_calls_the_request_wrong_does_not_make_it_wrong() -> None:
    falling, *_ = between((LATE,), (PromptRefused.field("model", "no such model"),), saying("Three."))
    with pytest.raises(NoModelAnswered, match="p2 \\(m2\\): model: no such model"):
        await complete(falling, "m1|m2|m3")


async def test_once_something_was_said_nobody_else_is_asked() -> None:
    falling, (_, second), _ = between((Chunk("Half"), LATE), saying("Two."))
    with pytest.raises(ModelTimedOut):
        await complete(falling)
    assert second.calls == 0


async def test_leaving_early_leaves_the_one_that_answers() -> None:
    falling, (_, second), _ = between((LATE,), saying("Two words."))
    async with aclosing(falling.stream(Prompt("m", ()))) as chunks:
        await anext(chunks)
    assert second.closed == 1


async def test_who_gives_up_waiting_ends_the_call() -> None:
    falling, (first, second), _ = between((asyncio.Event(),), saying("Two."))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await complete(falling)
    assert (first.closed, second.calls) == (1, 0)


async def test_the_selection_says_who_is_first() -> None:
    models = {"p1": ScriptedModel(), "p2": ScriptedModel()}
    falling = FallingBack(models, InTurn(), RecordingEvents())
    assert [(await complete(falling)).provider for _ in range(3)] == ["p1", "p2", "p1"]


def test_a_candidate_keeps_prompts_out_of_sight() -> None:
    assert "Prompt" not in repr(Candidate("p", ScriptedModel(), Prompt("m", ())))
