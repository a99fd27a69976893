import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.redis_reads import MergedReads


async def test_reads_of_one_moment_are_one_and_each_gets_its_own() -> None:
    fetched: list[Sequence[bytes]] = []

    async def fetch(keys: Sequence[bytes]) -> Sequence[bytes]:
        fetched.append(keys)
        return [key * 2 for key in keys]

    read = MergedReads(fetch)

    assert await asyncio.gather(read([b"a"]), read([b"b", b"c"])) == [[b"aa"], [b"bb", b"cc"]]
    assert fetched == [[b"a", b"b", b"c"]]


async def test_what_fails_is_told_to_those_who_asked_and_to_nobody_else() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))

    async def fetch(_: Sequence[bytes]) -> Sequence[bytes]:
        raise ConnectionError("away")

    read = MergedReads(fetch)
    told = await asyncio.gather(read([b"a"]), read([b"b"]), return_exceptions=True)
    await read.close()
    gc.collect()

    assert [type(each) for each in told] == [ConnectionError, ConnectionError]
    assert complaints == []


async def test_what_is_under_way_ends_with_it() -> None:
    async def fetch(keys: Sequence[bytes]) -> Sequence[bytes]:
        await asyncio.Event().wait()
        return keys

    read = MergedReads(fetch)
    waiting = asyncio.create_task(read([b"a"]))
    await asyncio.sleep(0.01)
    await read.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
