"""Two workers on one Redis: who asks the second hears what the first is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.flight_board.redis import RedisFlightBoard
from application.coalesce import Flights
from application.share_flights import Fleet
from application.tell_answers import TellAnswer
from domain.answers import Origin
from domain.generation import Chunk
from tests.builders import an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, saying
from tests.redis_servers import redis_connection


@pytest.fixture(params=["redis", "redis cluster"])
async def board(request: pytest.FixtureRequest) -> AsyncIterator[RedisFlightBoard]:
    async with redis_connection(request, request.param) as connection:
        yield RedisFlightBoard(connection)


async def test_an_answer_is_heard_in_another_worker_while_it_comes(board: RedisFlightBoard) -> None:
    pause = asyncio.Event()
    model = ScriptedModel((Chunk("One 💥 "), Chunk("two "), pause, *saying("three four.")))
    memory = MemoryAnswerCache()
    workers = [Core(model, cache=memory, semantic=False) for _ in range(2)]
    for each in workers:
        each.flights = Flights(Fleet(board, each.events))
    one, other = (TellAnswer(each.answer, each.afresh) for each in workers)

    first = await one(an_asking("What was announced?"))
    second = await other(an_asking("What was announced?"))
    chunks = second.chunks(5)
    assert await anext(chunks) == [Chunk("One 💥 "), Chunk("two ")]
    assert (first.origin, second.origin) == (Origin.GENERATED, Origin.COALESCED)
    pause.set()
    assert "".join([each.text async for told in chunks for each in told]) == "three four."
    assert (await second.answer()).completion == (await first.answer()).completion
    assert model.calls == 1
