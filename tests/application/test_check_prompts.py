from contextlib import aclosing

import pytest

from application.check_prompts import Checking
from domain.capacity import Capacity
from domain.errors import Malformed
from domain.generation import Chunk
from domain.prompts import Message, Prompt, Role
from tests.doubles import ScriptedModel, saying


async def ask(model: Checking, text: str, name: str = "m") -> list[Chunk]:
    return [each async for each in model.stream(Prompt(name, (Message(Role.USER, text),)))]


def capacity(model: str) -> Capacity:
    return Capacity({"small": 3}.get(model))


def words(prompt: Prompt) -> int:
    return sum(len(each.content.split()) for each in prompt.messages)


async def test_what_fits_reaches_the_model() -> None:
    assert await ask(Checking(ScriptedModel(), capacity, words), "one two three", "small") == list(saying("An answer."))


async def test_what_does_not_fit_does_not() -> None:
    asked = ScriptedModel()
    with pytest.raises(Malformed, match="about 4 tokens are more than 3, which small takes in all"):
        await ask(Checking(asked, capacity, words), "one two three four", "small")
    assert asked.calls == 0


async def test_tokens_are_counted_only_where_it_matters() -> None:
    def never(_: Prompt) -> int:
        raise AssertionError

    assert await ask(Checking(ScriptedModel(), capacity, never), "one two three four")


async def test_leaving_early_leaves_the_model() -> None:
    asked = ScriptedModel(saying("Two words."))
    async with aclosing(Checking(asked, capacity, words).stream(Prompt("m", ()))) as chunks:
        await anext(chunks)
    assert asked.closed == 1
