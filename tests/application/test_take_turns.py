import asyncio
from collections.abc import Hashable

import pytest

from application.take_turns import Turns


class Crowd:
    """People who take a turn and hold it until they are told to leave."""

    def __init__(self, at_once: int) -> None:
        self.turns = Turns(at_once)
        self.going: list[tuple[str, bool]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str, key: Hashable = None) -> None:
        for name in names:
            self.gates[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._go(name, key or name))
        await settled()

    async def leave(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()
        await settled()

    async def give_up(self, name: str) -> None:
        self.tasks[name].cancel()
        await settled()

    @property
    def seen(self) -> list[str]:
        return [name for name, _ in self.going]

    async def _go(self, name: str, key: Hashable) -> None:
        async with self.turns.take(key) as late:
            self.going.append((name, late))
            await self.gates[name].wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(2)


async def test_only_so_many_go_at_once_and_in_order(crowd: Crowd) -> None:
    await crowd.come("a", "b", "c", "d")
    assert crowd.going == [("a", False), ("b", False)]

    await crowd.leave("b")
    assert crowd.going[2:] == [("c", True)]
    await crowd.leave("a", "c")
    assert crowd.going[3:] == [("d", True)]


async def test_those_of_one_key_share_a_turn(crowd: Crowd) -> None:
    await crowd.come("a", "b", "c", key="same")
    await crowd.come("d", "e")
    assert crowd.seen == ["a", "b", "c", "d"]

    await crowd.leave("a", "b")
    assert crowd.seen == ["a", "b", "c", "d"]
    await crowd.leave("c")
    assert crowd.seen == ["a", "b", "c", "d", "e"]


async def test_who_joins_a_turn_that_has_begun_is_not_late(crowd: Crowd) -> None:
    await crowd.come("a", "b")
    await crowd.come("c", key="a")
    assert crowd.going[2:] == [("c", False)]


async def test_those_who_waited_for_one_turn_are_late_together(crowd: Crowd) -> None:
    await crowd.come("a", "b")
    await crowd.come("c", "d", key="same")
    await crowd.leave("a")
    assert crowd.going[2:] == [("c", True), ("d", True)]


async def test_who_gives_up_while_going_makes_room(crowd: Crowd) -> None:
    await crowd.come("a", "b", "c")
    await crowd.give_up("a")
    assert crowd.seen == ["a", "b", "c"]


async def test_who_gives_up_while_waiting_takes_nobodys_turn(crowd: Crowd) -> None:
    await crowd.come("a", "b", "c", "d")
    await crowd.give_up("c")
    assert crowd.seen == ["a", "b"]
    await crowd.leave("a", "b")
    assert crowd.seen == ["a", "b", "d"]


async def test_a_second_turn_of_a_key_is_late(crowd: Crowd) -> None:
    for name in ("a", "b", "c"):
        await crowd.come(name, key="same")
        await crowd.leave(name)
    assert crowd.going == [("a", False), ("b", True), ("c", True)]
