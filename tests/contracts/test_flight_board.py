"""What every board of flights promises, told once and run over each."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from adapters.flight_board import memory as module
from adapters.flight_board.memory import MemoryFlightBoard
from adapters.flight_board.redis import RedisFlightBoard
from domain.attempts import Tried
from domain.errors import Malformed
from domain.exhaustion import ModelResting, ModelThrottled, NoModelAnswered
from domain.flights import Flight, FlightBoard, Outcome, Sighting
from domain.generation import Chunk, Citation, FinishReason, ModelBroken, ModelOverloaded, PromptRefused
from domain.purging import Epoch
from domain.tokens import TokenUsage
from tests.builders import a_completion, a_fingerprint
from tests.redis_servers import redis_connection

LEASE = 0.3
FLIGHT = Flight(a_fingerprint(1), Epoch(0, 3))
ONE_TWO = (Chunk("One "), Chunk("two 💥 "))
THREE = (Chunk("three.", FinishReason.STOP, TokenUsage(1, 2), "m", (Citation("a", "b"),)),)
BROUGHT = Outcome(
    a_completion(
        "An answer.",
        finish_reason=FinishReason.STOP,
        citations=(Citation("a", "b"),),
        tried=(Tried("openai", "m", "late"),),
    )
)


@pytest.fixture(params=["memory", "redis", "redis cluster"])
async def board(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FlightBoard]:
    monkeypatch.setattr(module, "LEASE", LEASE)
    monkeypatch.setattr(module, "HELD", LEASE)
    if request.param == "memory":
        yield MemoryFlightBoard()
        return
    async with redis_connection(request, request.param) as connection:
        yield RedisFlightBoard(connection, LEASE, LEASE)


async def test_the_first_flies_and_the_others_see_who_it_is(board: FlightBoard) -> None:
    assert await board.join(FLIGHT, "one") == Sighting("one")
    assert await board.join(FLIGHT, "two") == Sighting("one")
    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("one")


async def test_of_many_at_once_one_flies(board: FlightBoard) -> None:
    seen = await asyncio.gather(*(board.join(FLIGHT, f"{number}") for number in range(50)))

    assert len({each.pilot for each in seen}) == 1


async def test_flights_of_other_questions_and_other_epochs_are_others(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")

    for other in (evolve(FLIGHT, fingerprint=a_fingerprint(2)), evolve(FLIGHT, epoch=Epoch(0, 4))):
        assert await board.join(other, "two") == Sighting("two")
    assert await board.join(evolve(FLIGHT, epoch=Epoch(7, 3)), "two") == Sighting("one"), "eras are a worker's own"


async def test_those_who_wait_get_the_outcome(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.land(FLIGHT, "one", BROUGHT)

    for waiting in ("two", "three"):
        assert await board.join(FLIGHT, waiting, awaited="one") == Sighting("one", BROUGHT)


async def test_who_did_not_wait_for_it_flies_anew(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.land(FLIGHT, "one", BROUGHT)

    assert await board.join(FLIGHT, "late") == Sighting("late")
    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("one", BROUGHT)


async def test_who_gives_up_lets_others_fly_at_once(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.land(FLIGHT, "one", None)

    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("two")


async def test_an_outcome_is_held_for_a_while_only(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.land(FLIGHT, "one", BROUGHT)
    await asyncio.sleep(1.5 * LEASE)
    await board.join(evolve(FLIGHT, fingerprint=a_fingerprint(2)), "other")
    await board.land(evolve(FLIGHT, fingerprint=a_fingerprint(2)), "other", BROUGHT)

    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("two")


async def test_who_is_not_heard_of_loses_the_flight(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await asyncio.sleep(1.5 * LEASE)

    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("two")
    await board.renew(FLIGHT, "one")
    assert await board.join(FLIGHT, "three", awaited="one") == Sighting("two")


async def test_who_renews_keeps_it(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    for _ in range(4):
        await asyncio.sleep(0.5 * LEASE)
        await board.renew(FLIGHT, "one")

    assert await board.join(FLIGHT, "two", awaited="one") == Sighting("one")


async def test_who_lost_it_and_lands_all_the_same_serves_those_who_wait_and_disturbs_nobody(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await asyncio.sleep(1.5 * LEASE)
    await board.join(FLIGHT, "two", awaited="one")
    await board.land(FLIGHT, "one", BROUGHT)

    assert await board.join(FLIGHT, "three", awaited="one") == Sighting("one", BROUGHT)
    assert await board.join(FLIGHT, "four") == Sighting("two")


async def test_who_wants_to_hear_gets_the_chunks_as_they_are_told(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.tell(FLIGHT, "one", 0, ONE_TWO)
    assert (await board.join(FLIGHT, "two", awaited="one", heard=0)).told == ONE_TWO
    assert (await board.join(FLIGHT, "two", awaited="one", heard=2)).told == ()
    await board.tell(FLIGHT, "one", 2, THREE)

    assert (await board.join(FLIGHT, "two", awaited="one", heard=2)).told == THREE
    assert (await board.join(FLIGHT, "late", awaited="one", heard=0)).told == (*ONE_TWO, *THREE)
    assert (await board.join(FLIGHT, "three", awaited="one")).told == ()


async def test_what_was_told_last_comes_with_the_outcome(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.tell(FLIGHT, "one", 0, ONE_TWO)
    await board.land(FLIGHT, "one", BROUGHT)

    assert await board.join(FLIGHT, "two", awaited="one", heard=0) == Sighting("one", BROUGHT, ONE_TWO)


async def test_told_twice_is_told_once(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    for _ in range(2):
        await board.tell(FLIGHT, "one", 0, ONE_TWO)

    assert (await board.join(FLIGHT, "two", awaited="one", heard=0)).told == ONE_TWO


async def test_who_flies_learns_whether_somebody_wants_to_hear(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    assert not await board.renew(FLIGHT, "one")
    await board.join(FLIGHT, "two", awaited="one")
    assert not await board.renew(FLIGHT, "one")
    await board.join(FLIGHT, "two", awaited="one", heard=0)

    assert await board.renew(FLIGHT, "one")
    assert not await board.renew(evolve(FLIGHT, fingerprint=a_fingerprint(2)), "one")


async def test_each_who_flies_tells_their_own(board: FlightBoard) -> None:
    await board.join(FLIGHT, "one")
    await board.tell(FLIGHT, "one", 0, ONE_TWO)
    await asyncio.sleep(1.5 * LEASE)

    assert await board.join(FLIGHT, "two", awaited="one", heard=2) == Sighting("two")
    await board.tell(FLIGHT, "two", 0, THREE)
    assert (await board.join(FLIGHT, "three", awaited="two", heard=0)).told == THREE


async def test_renewing_and_landing_what_nobody_flies_is_passed_over(board: FlightBoard) -> None:
    await board.renew(FLIGHT, "one")
    await board.land(FLIGHT, "one", BROUGHT)

    assert await board.join(FLIGHT, "two") == Sighting("two")


@pytest.mark.parametrize(
    "error",
    [
        ModelBroken("the provider failed: 💥"),
        ModelOverloaded("come back", 12.5),
        ModelResting("left alone", 290.0),
        ModelThrottled("too many wait", 3.0),
        NoModelAnswered((Tried("openai", "m", "late"), Tried("anthropic", "n", "500")), 7.0),
        PromptRefused.field("model", "there is no such model"),
        ValueError("nobody expected this"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_errors_reach_those_who_wait_as_what_they_are(board: FlightBoard, error: Exception) -> None:
    await board.join(FLIGHT, "one")
    await board.land(FLIGHT, "one", Outcome(error=error))

    seen = await board.join(FLIGHT, "two", awaited="one")
    assert seen.outcome
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which, is the question
        seen.outcome.result()
    if not isinstance(error, ValueError):
        assert type(raised.value) is type(error)
        assert str(raised.value) == str(error)
        assert getattr(raised.value, "resets_in", None) == getattr(error, "resets_in", None)
    if isinstance(error, Malformed):
        assert raised.value.problems == error.problems  # type: ignore[attr-defined]
