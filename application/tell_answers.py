"""Tell an answer while it comes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from attrs import define, evolve, frozen

from application.answer_afresh import AnswerAfresh
from application.answer_question import AnswerQuestion
from application.apologise import Apology
from application.pass_on_chunks import Hearing
from domain.answers import Answer, AnswerInterrupted, Asking, Origin
from domain.generation import Chunk, ModelFailed


@define(eq=False)
class Telling:
    """An answer on its way to one asker: its chunks, then itself. Close it in the end, or when the asker has left."""

    _answering: asyncio.Task[Answer]
    _hearing: Hearing

    @property
    def origin(self) -> Origin:
        """Give where the answer comes from, as far as that is known once it has begun."""
        return self._hearing.origin if self._hearing.began else self._answering.result().origin

    @property
    def whole(self) -> Answer | None:
        """Give the answer if nothing of it was told before it was whole, as when memory gave it."""
        return None if self._hearing.began else self._answering.result()

    async def begin(self) -> None:
        """Wait for the first chunk; raises what ``AnswerQuestion`` raises where there will be none."""
        while not (self._hearing.has_news or self._answering.done()):
            await self._hearing.news()
        if not self._hearing.began:
            await self.answer()

    async def chunks(self, patience: float) -> AsyncGenerator[Sequence[Chunk], None]:
        """
        Give what has come since the last time, which for a slow asker may be much, until the answer ends.

        After *patience* seconds of silence it gives an empty sequence, and again after as many more. An answer that
        failed just ends here.
        """
        if not self._hearing.began:
            yield self._answering.result().completion.replay()
            return
        while self._hearing.has_news or not self._answering.done():
            silent = not self._hearing.has_news and await self._silence(patience)
            if silent or self._hearing.has_news:
                yield self._hearing.take()

    async def answer(self) -> Answer:
        """Give the whole answer once it is there; raises what ``AnswerQuestion`` raises."""
        await asyncio.wait((self._answering,))
        if self._answering.cancelled():
            raise AnswerInterrupted("the answer was given up before it was whole; ask again")
        return self._answering.result()

    async def aclose(self) -> None:
        """Leave."""
        self._hearing.leave()
        self._answering.cancel()
        await asyncio.gather(self._answering, return_exceptions=True)

    async def _silence(self, patience: float) -> bool:
        """Wait for news; tell whether there were none for so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._hearing.news()
            return False
        return True


@frozen
class TellAnswer:
    """
    Answers as ``AnswerQuestion`` does, and tells what has come of an answer before it is whole.

    Where no model answers it gives the *apology*, if there is one and nothing was heard yet.
    """

    answer: AnswerQuestion
    afresh: AnswerAfresh
    apology: Apology | None = None

    async def __call__(self, asking: Asking) -> Telling:
        """Give the answer once it has begun; raises what ``AnswerQuestion`` raises before that."""
        hearing = Hearing()
        answering = asyncio.create_task(self._answer(asking, hearing))
        answering.add_done_callback(lambda _: hearing.wake())
        telling = Telling(answering, hearing)
        try:
            await telling.begin()
        except BaseException:
            await telling.aclose()
            raise
        return telling

    async def _answer(self, asking: Asking, hearing: Hearing) -> Answer:
        answer = evolve(self.answer, afresh=evolve(self.afresh, hearing=hearing))
        try:
            return await answer(asking)
        except ModelFailed as error:
            if hearing.began or self.apology is None:
                raise
            return self.apology.instead_of(error)
