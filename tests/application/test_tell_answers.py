"""An answer is heard while it comes, by everyone who asks."""

import asyncio

import pytest

from application.apologise import Apology
from application.coalesce import Flights
from application.tell_answers import TellAnswer, Telling
from domain.answers import AnswerInterrupted, Origin
from domain.errors import NotRemembered
from domain.generation import AnswerCutShort, Chunk, ModelBroken
from domain.pricing import Bill
from tests.builders import an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, saying
from tests.upstream import until

ASKED = "How do I install the app?"
SOON = 5.0


async def tell(core: Core, text: str = ASKED, **directives: object) -> Telling:
    return await TellAnswer(core.answer, core.afresh)(an_asking(text, **directives))


async def heard(telling: Telling) -> list[str]:
    """Give the texts as they came together."""
    return ["".join(each.text for each in chunks) async for chunks in telling.chunks(SOON)]


async def all_heard(telling: Telling) -> str:
    return "".join(await heard(telling))


class TestWhileItComes:
    async def test_each_chunk_is_told_when_it_has_come(self) -> None:
        pause, pauses = asyncio.Event(), asyncio.Event()
        core = Core(ScriptedModel((Chunk("One "), pause, Chunk("two "), pauses, *saying("three."))))
        telling = await tell(core)
        chunks = telling.chunks(SOON)

        assert await anext(chunks) == [Chunk("One ")]
        assert (telling.origin, telling.whole) == (Origin.GENERATED, None)
        pause.set()
        assert await anext(chunks) == [Chunk("two ")]
        pauses.set()
        assert "".join(each.text for told in [each async for each in chunks] for each in told) == "three."
        assert (await telling.answer()).completion.text == "One two three."

    async def test_silence_is_told_too(self) -> None:
        pause = asyncio.Event()
        core = Core(ScriptedModel((Chunk("One "), pause, *saying("two."))))
        telling = await tell(core)
        chunks = telling.chunks(0.01)
        await anext(chunks)

        assert [await anext(chunks) for _ in range(3)] == [[], [], []]
        pause.set()
        assert "".join(each.text for told in [each async for each in chunks] for each in told) == "two."

    async def test_who_comes_late_hears_the_beginning_first(self) -> None:
        pause = asyncio.Event()
        core = Core(ScriptedModel((Chunk("One "), Chunk("two "), pause, *saying("three."))))
        first = await tell(core)
        late = await tell(core)
        pause.set()

        assert await asyncio.gather(all_heard(first), all_heard(late)) == ["One two three."] * 2
        assert (first.origin, late.origin) == (Origin.GENERATED, Origin.COALESCED)
        assert core.model.calls == 1

    async def test_who_wants_it_whole_shares_it(self) -> None:
        pause = asyncio.Event()
        core = Core(ScriptedModel((Chunk("One "), pause, *saying("two."))))
        telling = await tell(core)
        asking = asyncio.create_task(core.answer(an_asking(ASKED)))
        await asyncio.sleep(0)
        pause.set()

        assert (await asking).origin is Origin.COALESCED
        assert await all_heard(telling) == "One two."
        assert core.model.calls == 1

    async def test_past_memory_it_is_told_too(self) -> None:
        core = Core(ScriptedModel(saying("One two.")))
        telling = await tell(core, use_cache=False)

        assert telling.origin is Origin.PASSED
        assert await all_heard(telling) == "One two."

    async def test_a_slow_listener_gets_at_once_what_came_meanwhile(self) -> None:
        core = Core(ScriptedModel(saying("One two three four.")))
        telling = await tell(core)
        await until(lambda: not core.flights.under_way)

        assert await heard(telling) == ["One two three four."]

    async def test_halves_of_a_character_are_told_as_one(self) -> None:
        core = Core(ScriptedModel((Chunk("a\ud83d"), Chunk("\ude00b \ud83d"), saying("")[-1])))
        telling = await tell(core)

        assert await all_heard(telling) == "a😀b \ufffd"
        assert (await telling.answer()).completion.text == "a😀b \ufffd"


class TestFromMemory:
    async def test_a_remembered_answer_is_told_again(self) -> None:
        core = Core(ScriptedModel(saying("word " * 2_000 + "end.")))
        await core.answer(an_asking(ASKED))
        telling = await tell(core)
        chunks = [each async for told in telling.chunks(SOON) for each in told]

        assert telling.origin is Origin.EXACT_HIT
        assert telling.whole == await telling.answer()
        assert "".join(each.text for each in chunks) == "word " * 2_000 + "end."
        assert max(len(each.text) for each in chunks) <= 4_000

    async def test_what_was_told_is_remembered(self) -> None:
        core = Core(ScriptedModel(saying("One two.")))
        await all_heard(await tell(core))

        assert (await core.answer(an_asking(ASKED))).origin is Origin.EXACT_HIT


class TestFailing:
    async def test_before_the_first_chunk_it_is_an_error(self) -> None:
        core = Core(ScriptedModel((ModelBroken("no"),)))
        with pytest.raises(ModelBroken):
            await tell(core)
        with pytest.raises(NotRemembered):
            await tell(core, only_if_cached=True)

    async def test_before_the_first_chunk_an_old_answer_helps(self) -> None:
        core = Core(ScriptedModel(saying("Old."), (ModelBroken("no"),)))
        await core.answer(an_asking(ASKED))
        core.clock.advance(130)
        telling = await tell(core)

        assert telling.origin is Origin.STALE_HIT
        assert await all_heard(telling) == "Old."

    async def test_before_the_first_chunk_an_apology_may_do(self) -> None:
        core = Core(ScriptedModel((ModelBroken("away"),)))
        telling = await TellAnswer(core.answer, core.afresh, Apology("Please call us."))(an_asking(ASKED))

        assert telling.whole
        assert (telling.origin, await all_heard(telling)) == (Origin.APOLOGY, "Please call us.")
        assert telling.whole.bill == Bill()

    async def test_no_apology_follows_what_was_told_of_an_answer(self) -> None:
        core = Core(ScriptedModel((Chunk("One "), ModelBroken("away"))))
        telling = await TellAnswer(core.answer, core.afresh, Apology("Please call us."))(an_asking(ASKED))

        assert await all_heard(telling) == "One "
        with pytest.raises(ModelBroken):
            await telling.answer()

    async def test_no_old_answer_follows_what_was_told_of_another(self) -> None:
        core = Core(ScriptedModel(saying("Old."), (Chunk("New, "), ModelBroken("no"))))
        await core.answer(an_asking(ASKED))
        core.clock.advance(130)
        telling = await tell(core)

        assert await all_heard(telling) == "New, "
        with pytest.raises(ModelBroken):
            await telling.answer()
        await telling.aclose()

    async def test_an_answer_that_breaks_off_is_neither_remembered_nor_asked_for_again(self) -> None:
        core = Core(ScriptedModel((Chunk("One "),), saying("One two.")))
        telling = await tell(core)

        assert await all_heard(telling) == "One "
        with pytest.raises(AnswerCutShort):
            await telling.answer()
        assert core.model.calls == 1
        assert (await core.answer(an_asking(ASKED))).origin is Origin.GENERATED

    async def test_when_the_service_ends_the_answer_is_interrupted(self) -> None:
        core = Core(ScriptedModel((Chunk("One "), asyncio.Event())))
        telling = await tell(core)
        await core.flights.close()

        assert await all_heard(telling) == "One "
        with pytest.raises(AnswerInterrupted):
            await telling.answer()


class TestLeaving:
    async def test_an_answer_goes_on_when_its_listener_leaves(self) -> None:
        pause = asyncio.Event()
        core = Core(ScriptedModel((Chunk("One "), pause, *saying("two."))))
        await (await tell(core)).aclose()
        pause.set()
        await until(lambda: not core.flights.under_way)

        assert (await core.answer(an_asking(ASKED))).completion.text == "One two."
        assert core.model.calls == 1

    async def test_who_leaves_before_it_began_leaves_no_trace(self) -> None:
        core = Core(ScriptedModel((asyncio.Event(),)))
        core.flights = Flights(goes_on=False)
        asking = asyncio.create_task(tell(core))
        await until(lambda: core.model.calls == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await until(lambda: not core.flights.under_way)

        assert core.model.closed == 1

    async def test_where_it_is_wanted_the_call_ends_with_its_last_asker(self) -> None:
        core = Core(ScriptedModel((Chunk("One "), asyncio.Event()), saying("Another.")))
        core.flights = Flights(goes_on=False)
        first, second = await tell(core), await tell(core)
        await first.aclose()
        await asyncio.sleep(0)
        assert (core.flights.under_way, core.model.closed) == (1, 0)
        await second.aclose()
        again = await core.answer(an_asking(ASKED))

        assert core.model.closed == 1
        assert (again.origin, again.completion.text) == (Origin.GENERATED, "Another.")
        await until(lambda: not core.flights.under_way)

    async def test_a_refresh_needs_nobody_who_waits(self) -> None:
        pause = asyncio.Event()
        core = Core(ScriptedModel(saying("Old."), (Chunk("New"), pause, *saying("."))))
        core.flights = Flights(goes_on=False)
        await core.answer(an_asking(ASKED))
        core.clock.advance(110)
        await core.answer(an_asking(ASKED))
        await until(lambda: core.model.calls == 2)
        await (await tell(core, no_cache=True)).aclose()
        await asyncio.sleep(0)

        assert (core.flights.under_way, core.model.closed) == (1, 0)
        pause.set()
        await until(lambda: not core.flights.under_way)
