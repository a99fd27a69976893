"""What a provider's troubles leave behind, through all that stands between it and us: nothing."""

import asyncio
from pathlib import Path

import pytest

from domain.errors import RAGBoostError
from domain.generation import Completion, LanguageModel
from domain.prompts import Message, Prompt, Role
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.upstream import Cut, Reply, ScriptedUpstream, events, failure, html, openai_answer, openai_failure, until

PROMPT = Prompt("m", (Message(Role.USER, "What is a breaker?"),))
TROUBLES = (
    openai_failure(500),
    openai_failure(429),
    openai_failure(400),
    openai_failure(401),
    html(),
    html(502),
    failure(200, {"error": {"message": "No.", "code": 500}}),
    events({"error": {"message": "No.", "code": 500}}),
    events(done=True),
    Reply((b'data: {"choices": [{"del',)),
    openai_answer("Half of it").ended(3),
    Reply().cut(0),
    openai_answer("Half of it").cut(3),
    openai_answer("Half of it").cut(2, Cut.CLOSE),
)
ROUNDS = 30


async def ask(model: LanguageModel) -> str:
    return Completion.fold("main", "m", [each async for each in model.stream(PROMPT)]).text


@pytest.mark.parametrize("together", [1, 10])
async def test_after_hundreds_of_failures_no_task_and_no_connection_is_left(tmp_path: Path, together: int) -> None:
    with ScriptedUpstream() as upstream:
        given = {"base_url": f"{upstream.url}/v1", "model": "m", "rpm": 1_000_000, "tpm": 1_000_000_000}
        settings = {
            "data_folder": tmp_path,
            "providers": {"main": given},
            "language_model": {"retries": 1, "backoff": 0, "breaker_failures": 1_000_000},
        }
        container = Container(settings=Settings.model_validate(settings))
        async with container.open_things():
            model = container.routes().model_of("main")
            upstream.reply(openai_answer("Well."))
            await ask(model)
            tasks = len(asyncio.all_tasks())
            for number in range(ROUNDS * len(TROUBLES) // together):
                upstream.reply(TROUBLES[number % len(TROUBLES)])
                outcomes = await asyncio.gather(*[ask(model) for _ in range(together)], return_exceptions=True)
                assert all(isinstance(each, RAGBoostError) for each in outcomes), outcomes
            upstream.reply(openai_answer("Well again."))
            assert await ask(model) == "Well again."
            assert len(asyncio.all_tasks()) == tasks
            await until(lambda: upstream.open_connections <= together)
        await until(lambda: upstream.open_connections == 0)
