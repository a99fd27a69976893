"""Pass on the chunks of an answer while it comes, to everyone who hears it."""

import asyncio
from collections.abc import Sequence

from attrs import define, field

from domain.answers import Origin
from domain.generation import Chunk, Completion


@define(eq=False)
class Delivery:
    """
    An answer on its way: the *chunks* that have come, kept once however many hear them.

    Whoever comes late begins with the first. *from_elsewhere* says that another worker asked a model for it.
    """

    chunks: list[Chunk] = field(factory=list)
    from_elsewhere: bool = False
    hearings: "set[Hearing]" = field(factory=set)

    def take(self, chunk: Chunk) -> None:
        """Keep *chunk*, and let everyone know who hears; nobody is waited for."""
        self.chunks.append(chunk)
        for each in self.hearings:
            each.wake()

    def overhear(self, chunks: Sequence[Chunk]) -> None:
        """Take what another worker told of the answer that it asked a model for."""
        for each in chunks:
            self.from_elsewhere = True
            self.take(each)

    def completed_by(self, completion: Completion) -> Completion:
        """Take what is left of the *completion* that another worker made, where a part of it was told; give it."""
        told = sum(len(each.text) for each in self.chunks)
        if self.chunks and told < len(completion.text):
            self.take(Chunk(completion.text[told:]))
        return completion


@define(eq=False)
class Hearing:
    """One asker who hears an answer while it comes, each at a pace of their own."""

    _origin: Origin = Origin.GENERATED
    _delivery: Delivery = field(factory=Delivery)
    _heard: int = 0
    _news: asyncio.Event = field(factory=asyncio.Event)

    @property
    def origin(self) -> Origin:
        """Give where the chunks come from, once there are some."""
        return Origin.COALESCED if self._delivery.from_elsewhere else self._origin

    @property
    def began(self) -> bool:
        """Tell whether a part of the answer has come."""
        return bool(self._delivery.chunks)

    @property
    def has_news(self) -> bool:
        """Tell whether chunks have come that were not given yet."""
        return self._heard < len(self._delivery.chunks)

    def follow(self, delivery: Delivery, origin: Origin) -> None:
        """Hear *delivery*, from its beginning."""
        self._delivery, self._origin = delivery, origin
        delivery.hearings.add(self)
        self.wake()

    def leave(self) -> None:
        """Be woken no more; what has come can still be given."""
        self._delivery.hearings.discard(self)

    def wake(self) -> None:
        """Let ``news`` return."""
        self._news.set()

    async def news(self) -> None:
        """Wait until ``wake`` was called since the last time."""
        await self._news.wait()
        self._news.clear()

    def take(self) -> Sequence[Chunk]:
        """Give the chunks that have come since the last time."""
        new = self._delivery.chunks[self._heard :]
        self._heard += len(new)
        return new
