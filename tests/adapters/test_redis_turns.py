import asyncio

import pytest

from adapters.redis_reads import MergedReads
from adapters.redis_turns import Turns


async def test_what_has_begun_goes_on_when_its_caller_leaves() -> None:
    turns, gate, done = Turns(1), asyncio.Event(), []

    async def call() -> None:
        await gate.wait()
        done.append(True)

    calling = asyncio.create_task(turns(call))
    await asyncio.sleep(0.01)
    calling.cancel()
    gate.set()
    await asyncio.sleep(0.01)
    assert done == [True]
    assert not turns.are_taken


async def test_what_has_not_begun_never_does_when_its_caller_has_left() -> None:
    turns, gate, done = Turns(1), asyncio.Event(), []

    async def call() -> None:
        done.append(True)

    first = asyncio.create_task(turns(gate.wait))
    await asyncio.sleep(0.01)
    assert turns.are_taken
    second = asyncio.create_task(turns(call))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.sleep(0.01)
    gate.set()
    await first
    await asyncio.sleep(0.01)
    assert done == []


async def test_closing_ends_what_is_under_way() -> None:
    turns = Turns(1)
    calling = asyncio.create_task(turns(asyncio.Event().wait))
    await asyncio.sleep(0.01)
    await turns.close()
    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_reads_of_one_turn_are_one_and_an_error_reaches_all() -> None:
    asked: list[list[bytes]] = []

    async def fetch(keys: list[bytes]) -> list[bytes]:
        asked.append(list(keys))
        if b"bad" in keys:
            raise ConnectionError("broken")
        return keys

    reads = MergedReads(fetch)
    assert await asyncio.gather(reads([b"a", b"b"]), reads([]), reads([b"c"])) == [[b"a", b"b"], [], [b"c"]]
    errors = await asyncio.gather(reads([b"a"]), reads([b"bad"]), return_exceptions=True)
    assert {type(each) for each in errors} == {ConnectionError}
    assert asked == [[b"a", b"b", b"c"], [b"a", b"bad"]]
    await reads.close()


async def test_who_leaves_takes_nobody_along_and_closing_leaves_nobody_waiting() -> None:
    gate = asyncio.Event()

    async def fetch(keys: list[bytes]) -> list[bytes]:
        await gate.wait()
        return keys

    reads = MergedReads(fetch)
    one, other = asyncio.create_task(reads([b"a"])), asyncio.create_task(reads([b"b"]))
    await asyncio.sleep(0.01)
    one.cancel()
    gate.set()
    assert await other == [b"b"]
    gate.clear()
    third = asyncio.create_task(reads([b"c"]))
    await asyncio.sleep(0.01)
    await reads.close()
    with pytest.raises(asyncio.CancelledError):
        await third
