"""Several workers, one board: a model is asked once."""

import asyncio
from collections.abc import Sequence

import pytest
from attrs import define, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.flight_board.memory import MemoryFlightBoard
from adapters.purge_journal.memory import MemoryPurgeJournal
from application import share_flights
from application.coalesce import Flights
from application.pass_on_chunks import Delivery
from application.share_flights import Fleet
from application.tell_answers import TellAnswer, Telling
from domain.answers import Origin
from domain.events import PartFailed
from domain.flights import Flight, FlightBoardUnavailable, Outcome, Sighting
from domain.generation import AnswerCutShort, Chunk, ModelBroken, ModelFailed
from domain.wires import Wire
from tests.builders import a_completion, an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, saying

ASKED = "What is RAGBoost?"


@define
class Board(MemoryFlightBoard):
    """A board that can be away, and that time can be let pass on."""

    away: bool = False
    renewals: int = 0
    told: int = 0

    async def join(self, flight: Flight, pilot: str, awaited: str | None = None, heard: int | None = None) -> Sighting:
        self._be_there()
        return await MemoryFlightBoard.join(self, flight, pilot, awaited, heard)

    async def renew(self, flight: Flight, pilot: str) -> bool:
        self.renewals += 1
        self._be_there()
        return await MemoryFlightBoard.renew(self, flight, pilot)

    async def tell(self, flight: Flight, pilot: str, after: int, chunks: Sequence[Chunk]) -> None:
        self._be_there()
        self.told += 1
        await MemoryFlightBoard.tell(self, flight, pilot, after, chunks)

    async def land(self, flight: Flight, pilot: str, outcome: Outcome | None) -> None:
        self._be_there()
        await MemoryFlightBoard.land(self, flight, pilot, outcome)

    def _be_there(self) -> None:
        if self.away:
            raise FlightBoardUnavailable("away")


@define
class Shared:
    """What the workers share: one memory, one board, one model."""

    model: ScriptedModel
    board: Board = field(factory=Board)
    cache: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    journal: MemoryPurgeJournal = field(factory=MemoryPurgeJournal)

    def worker(self) -> Core:
        core = Core(self.model, cache=self.cache, journal=self.journal, semantic=False)
        core.flights = Flights(Fleet(self.board, core.events))
        return core


async def ask(worker: Core) -> tuple[Origin, str]:
    answer = await worker.answer(an_asking(ASKED))
    return answer.origin, answer.completion.text


async def test_many_workers_ask_a_model_once() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate, *saying("An answer."))))
    workers = [shared.worker() for _ in range(4)]
    asking = [asyncio.create_task(ask(each)) for each in workers for _ in range(10)]
    await asyncio.sleep(0.05)
    gate.set()
    answers = await asyncio.gather(*asking)

    assert shared.model.calls == 1
    assert {text for _, text in answers} == {"An answer."}
    assert [origin for origin, _ in answers].count(Origin.GENERATED) == 1
    assert [origin for origin, _ in answers].count(Origin.COALESCED) == 39


async def test_an_error_reaches_the_askers_of_all_workers() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate, ModelBroken("it broke"))))
    asking = [asyncio.create_task(ask(shared.worker())) for _ in range(3)]
    await asyncio.sleep(0.05)
    gate.set()

    errors = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(each) for each in errors} == {ModelBroken}
    assert shared.model.calls == 1


async def test_when_who_flies_dies_another_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.flight_board.memory.LEASE", 0.2)
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate,), saying("An answer.")))
    one, other = shared.worker(), shared.worker()
    asking = asyncio.create_task(ask(one))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(ask(other))
    await asyncio.sleep(0.02)
    shared.board.away = True  # it has no time for a word
    await one.flights.close()
    shared.board.away = False

    assert await asyncio.wait_for(waiting, 2) == (Origin.GENERATED, "An answer.")
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_when_who_flies_gives_up_another_takes_over_at_once() -> None:
    shared = Shared(ScriptedModel((asyncio.Event(),), saying("An answer.")))
    one, other = shared.worker(), shared.worker()
    asking = asyncio.create_task(ask(one))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(ask(other))
    await asyncio.sleep(0.02)
    await one.flights.close()

    assert await asyncio.wait_for(waiting, 0.5) == (Origin.GENERATED, "An answer.")
    await asyncio.gather(asking, return_exceptions=True)


async def test_who_takes_long_keeps_the_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.flight_board.memory.LEASE", 0.1)
    monkeypatch.setattr(share_flights, "RENEW_EVERY", 0.03)
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate, *saying("An answer."))))
    asking = [asyncio.create_task(ask(shared.worker())) for _ in range(3)]
    await asyncio.sleep(0.3)
    gate.set()
    await asyncio.gather(*asking)

    assert shared.model.calls == 1
    assert shared.board.renewals >= 3


async def test_without_a_board_each_worker_flies_alone() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate, *saying("An answer."))))
    shared.board.away = True
    workers = [shared.worker() for _ in range(3)]
    asking = [asyncio.create_task(ask(each)) for each in workers for _ in range(5)]
    await asyncio.sleep(0.05)
    gate.set()
    answers = await asyncio.gather(*asking)

    assert shared.model.calls == 3
    assert [origin for origin, _ in answers].count(Origin.GENERATED) == 3
    assert {each.part for each in workers[0].events.events if isinstance(each, PartFailed)} == {"flight_board"}


async def test_a_board_that_goes_away_leaves_nobody_waiting() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((gate, *saying("An answer."))))
    asking = [asyncio.create_task(ask(shared.worker())) for _ in range(2)]
    await asyncio.sleep(0.05)
    shared.board.away = True
    await asyncio.sleep(0.3)
    assert shared.model.calls == 2
    gate.set()
    assert {text for _, text in await asyncio.gather(*asking)} == {"An answer."}


def test_a_flight_that_brought_nothing_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        Outcome().result()
    with pytest.raises(ModelFailed):
        Outcome(error=ModelFailed("no")).result()


async def tell(worker: Core) -> Telling:
    return await TellAnswer(worker.answer, worker.afresh)(an_asking(ASKED))


async def all_heard(telling: Telling) -> str:
    return "".join([each.text async for chunks in telling.chunks(5) for each in chunks])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_flights, "RENEW_EVERY", 0.02)
    monkeypatch.setattr(share_flights, "TELL_EVERY", 0.01)


@pytest.mark.usefixtures("hurried")
async def test_who_asks_another_worker_hears_the_answer_while_it_comes() -> None:
    pause, pauses = asyncio.Event(), asyncio.Event()
    shared = Shared(ScriptedModel((Chunk("One "), pause, Chunk("two "), pauses, *saying("three."))))
    asking = asyncio.create_task(ask(shared.worker()))
    await asyncio.sleep(0.02)
    telling = await tell(shared.worker())
    chunks = telling.chunks(5)

    assert await anext(chunks) == [Chunk("One ")]
    assert telling.origin is Origin.COALESCED
    pause.set()
    assert await anext(chunks) == [Chunk("two ")]
    pauses.set()
    assert "".join([each.text async for told in chunks for each in told]) == "three."
    assert (await telling.answer()).completion.text == (await asking)[1] == "One two three."
    assert shared.model.calls == 1


@pytest.mark.usefixtures("hurried")
async def test_where_nobody_hears_nothing_is_told() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((Chunk("One "), gate, *saying("two."))))
    asking = [asyncio.create_task(ask(shared.worker())) for _ in range(2)]
    await asyncio.sleep(0.2)
    gate.set()
    await asyncio.gather(*asking)

    assert shared.board.told == 0


@pytest.mark.usefixtures("hurried")
async def test_the_last_chunks_are_told_before_the_flight_lands(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, call = asyncio.Event(), Wire("openai", {"tool_calls": []})
    shared = Shared(ScriptedModel((Chunk("One "), gate, Chunk(wires=(call,)), *saying("two."))))
    asking = asyncio.create_task(ask(shared.worker()))
    await asyncio.sleep(0.02)
    telling = await tell(shared.worker())
    monkeypatch.setattr(share_flights, "TELL_EVERY", 60.0)
    await asyncio.sleep(0.05)
    gate.set()

    heard = [each async for chunks in telling.chunks(5) for each in chunks]
    assert [wire for each in heard for wire in each.wires] == [call]
    assert "".join(each.text for each in heard) == (await asking)[1] == "One two."


async def test_what_was_not_told_in_time_is_heard_when_it_is_whole() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((Chunk("One "), gate, *saying("two."))))
    asking = asyncio.create_task(ask(shared.worker()))
    await asyncio.sleep(0.02)
    telling = asyncio.create_task(tell(shared.worker()))
    await asyncio.sleep(0.05)
    gate.set()

    assert await all_heard(await telling) == "One two."
    assert (await telling).origin is Origin.COALESCED
    assert (await asking)[1] == "One two."


def test_what_could_not_be_told_is_taken_from_the_whole() -> None:
    delivery = Delivery()
    delivery.overhear((Chunk("One "),))

    delivery.completed_by(a_completion("One two."))

    assert [each.text for each in delivery.chunks] == ["One ", "two."]


@pytest.mark.usefixtures("hurried")
async def test_a_stream_that_breaks_elsewhere_breaks_here() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((Chunk("One "), gate, ModelBroken("it broke"))))
    asking = asyncio.create_task(ask(shared.worker()))
    await asyncio.sleep(0.02)
    telling = await tell(shared.worker())
    gate.set()

    assert await all_heard(telling) == "One "
    with pytest.raises(ModelBroken):
        await telling.answer()
    with pytest.raises(ModelBroken):
        await asking


@pytest.mark.usefixtures("hurried")
async def test_what_was_heard_of_a_worker_that_died_is_not_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.flight_board.memory.LEASE", 0.1)
    shared = Shared(ScriptedModel((Chunk("One "), asyncio.Event()), saying("Another.")))
    one, other = shared.worker(), shared.worker()
    asking = asyncio.create_task(ask(one))
    await asyncio.sleep(0.02)
    telling = await tell(other)
    await one.flights.close()

    assert await all_heard(telling) == "One "
    with pytest.raises(AnswerCutShort):
        await telling.answer()
    assert await ask(other) == (Origin.GENERATED, "Another.")
    await asyncio.gather(asking, return_exceptions=True)


@pytest.mark.usefixtures("hurried")
async def test_a_board_that_goes_away_while_it_is_heard_breaks_the_stream() -> None:
    gate = asyncio.Event()
    shared = Shared(ScriptedModel((Chunk("One "), gate, *saying("two."))))
    asking = asyncio.create_task(ask(shared.worker()))
    await asyncio.sleep(0.02)
    telling = await tell(shared.worker())
    shared.board.away = True

    assert await all_heard(telling) == "One "
    with pytest.raises(AnswerCutShort):
        await telling.answer()
    gate.set()
    assert (await asking)[1] == "One two."
