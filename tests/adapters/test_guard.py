import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from attrs import define

from adapters.guard import Away, Guard

PATIENCE = 0.4


@define
class Server:
    """Answers after a while, or breaks."""

    delay: float = 0.0
    trouble: Exception | None = None
    asked: int = 0

    async def answer(self) -> str:
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.trouble:
            raise self.trouble
        return "here"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def guard(server: Server) -> AsyncIterator[Guard]:
    made = Guard("Redis", server.answer, (ConnectionError, OSError), PATIENCE)
    yield made
    await made.close()


async def refused(guard: Guard, server: Server) -> bool:
    try:
        await guard(server.answer())
    except Away:
        return True
    return False


async def test_a_server_that_answers_is_asked(guard: Guard, server: Server) -> None:
    assert await guard(server.answer()) == "here"
    assert await guard.patiently(server.answer(), 1) == "here"


async def fail(guard: Guard, server: Server, times: int = 2) -> None:
    server.trouble = ConnectionError("refused")
    for _ in range(times):
        with pytest.raises(ConnectionError):
            await guard(server.answer())


@pytest.mark.parametrize("broken", [True, False], ids=["breaks twice", "says nothing"])
async def test_one_that_fails_is_not_asked_again(guard: Guard, server: Server, broken: bool) -> None:
    if broken:
        await fail(guard, server)
    else:
        server.delay = 60.0
        with pytest.raises(TimeoutError):
            await guard(server.answer())

    asked = server.asked
    assert await refused(guard, server)
    assert server.asked == asked
    with pytest.raises(Away, match=r"Redis is away: (refused|no answer within 0.4 s)"):
        await guard.patiently(server.answer(), 1)


async def test_one_that_is_slow_twice_in_a_row_is_not_asked_again(guard: Guard, server: Server) -> None:
    server.delay = 0.3
    assert await guard(server.answer()) == "here"
    server.delay = 0.0
    assert await guard(server.answer()) == "here"
    server.delay = 0.3
    assert [await refused(guard, server) for _ in range(3)] == [False, False, True]


async def test_errors_that_the_server_has_nothing_to_do_with_change_nothing(guard: Guard, server: Server) -> None:
    server.trouble = ValueError("a bad question")
    for _ in range(3):
        with pytest.raises(ValueError, match="a bad question"):
            await guard(server.answer())


async def test_it_is_asked_again_once_it_answers_a_trial(guard: Guard, server: Server) -> None:
    await fail(guard, server)
    await asyncio.sleep(0.6)
    assert server.asked >= 3
    assert await refused(guard, server)
    server.trouble, server.delay = None, 0.3
    await asyncio.sleep(0.6)
    assert await refused(guard, server), "it answers, but still takes long"
    server.delay = 0.0
    await asyncio.sleep(1.2)
    assert not await refused(guard, server)


async def test_a_trial_may_have_to_connect_first(guard: Guard, server: Server) -> None:
    await fail(guard, server)
    server.trouble, server.delay = None, 0.3
    guard.trial = connecting_first(server)
    await asyncio.sleep(1.2)
    assert not guard.is_open


def connecting_first(server: Server) -> Callable[[], Awaitable[str]]:
    async def answer() -> str:
        said = await server.answer()
        server.delay = 0.0
        return said

    return answer


async def test_who_is_patient_waits_longer_and_only_breaks_count(guard: Guard, server: Server) -> None:
    server.delay = 0.5
    assert await guard.patiently(server.answer(), 1) == "here"
    with pytest.raises(TimeoutError):
        await guard.patiently(server.answer(), 0.01)
    server.delay = 0.0
    assert await guard(server.answer()) == "here"

    server.trouble = ConnectionError()
    for _ in range(2):
        assert not guard.is_open
        with pytest.raises(ConnectionError):
            await guard.patiently(server.answer(), 1)
    assert guard.is_open


async def test_a_connection_that_broke_once_is_no_reason_not_to_ask(guard: Guard, server: Server) -> None:
    for _ in range(3):
        await fail(guard, server, times=1)
        server.trouble = None
        assert await guard(server.answer()) == "here"


async def test_a_time_out_because_we_were_busy_ourselves_is_not_the_servers_fault(guard: Guard, server: Server) -> None:
    assert await guard(server.answer()) == "here"
    server.delay = 60.0
    asyncio.get_running_loop().call_later(0.05, time.sleep, 0.5)
    with pytest.raises(TimeoutError):
        await guard(server.answer())
    assert not guard.is_open


async def test_even_so_one_that_never_answers_is_not_asked_for_ever(guard: Guard, server: Server) -> None:
    busy = asyncio.create_task(keep_busy(0.1))
    server.delay = 60.0
    assert [await refused_or_late(guard, server) for _ in range(5)][-1] == "refused"
    busy.cancel()


async def refused_or_late(guard: Guard, server: Server) -> str:
    try:
        return "refused" if await refused(guard, server) else "answered"
    except TimeoutError:
        return "late"


async def test_a_server_is_not_slow_because_everything_here_is(guard: Guard, server: Server) -> None:
    busy = asyncio.create_task(keep_busy(0.1))
    server.delay = 0.0
    for _ in range(10):
        assert await guard(several_steps(server)) == "here"
    assert not guard.is_open
    busy.cancel()


async def keep_busy(seconds: float) -> None:
    while True:
        time.sleep(seconds)  # noqa: ASYNC251 - the loop is to be late
        await asyncio.sleep(0)


async def several_steps(server: Server) -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    return await server.answer()


async def test_a_cancelled_call_says_nothing_of_the_server(guard: Guard, server: Server) -> None:
    server.delay = 60.0
    call = asyncio.create_task(guard(server.answer()))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not guard.is_open
