"""Answers in this process's memory: a cache of its own, a fast layer in front of another, and the double in tests."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from time import monotonic

from attrs import define, evolve, field

from domain.caching import AnswerCache, StoredAnswer
from domain.catalogue import AnswerCatalogue, Holdings, Selection
from domain.questions import Fingerprint

OVERHEAD = 1024
"""Bytes that an entry takes besides its texts, roughly."""


@define
class MemoryAnswerCache(AnswerCache, AnswerCatalogue):
    """
    Forgets everything with the process.

    With *limit* it keeps itself below so many bytes, forgetting what was idle longest. It gives nothing that it was
    given more than *trust* seconds ago: as a layer it may not know what has become of it since.
    """

    limit: float = inf
    trust: float = inf
    _answers: OrderedDict[Fingerprint, StoredAnswer] = field(factory=OrderedDict, init=False)
    _held: Holdings = field(factory=Holdings, init=False)
    _put_at: dict[Fingerprint, float] = field(factory=dict, init=False)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Give what is there; being read counts as being used."""
        answers = self._answers
        found = {each: answers[each] for each in fingerprints if each in answers and self._is_trusted(each)}
        for each in found:
            answers.move_to_end(each)
        return found

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Keep *answers* as the last that would be forgotten."""
        for each in answers:
            self._drop(each.fingerprint)
            self._answers[each.fingerprint] = each
            self._put_at[each.fingerprint] = monotonic()
            self._count(each, 1)
        self._shrink()

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget them."""
        for each in fingerprints:
            self._drop(each)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count the hit at once."""
        stored = self._answers.get(fingerprint)
        if stored:
            self._answers[fingerprint] = evolve(stored, accesses=stored.accesses + 1, accessed_at=now)
            self._answers.move_to_end(fingerprint)
            self._held = evolve(self._held, accesses=self._held.accesses + 1)

    async def select(self, selection: Selection) -> Sequence[Fingerprint]:
        """Look at every entry."""
        return tuple(each.fingerprint for each in self._answers.values() if selection.matches(each))

    async def measure(self, tenant: str | None = None) -> Holdings:
        """Give the running totals; one tenant's are added up."""
        if tenant is None:
            return self._held
        held = [each for each in self._answers.values() if each.tenant == tenant]
        return Holdings(len(held), sum(map(size_of, held)), sum(each.accesses for each in held))

    async def expendable(self, now: float, excess: int) -> Sequence[Fingerprint]:
        """Give the dead, and then the idle, from the order of use."""
        return tuple(self._expendable(now, excess))

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Sort the fingerprints, and give the next ones."""
        names = sorted(self._answers)
        start = bisect_right(names, after) if after else 0
        return tuple(names[start : start + limit])

    async def ping(self) -> None:
        """Be there."""

    def _expendable(self, now: float, excess: int) -> Iterator[Fingerprint]:
        dead = {each.fingerprint: each for each in self._answers.values() if each.age(now) > each.lifetime.total}
        yield from dead
        excess -= sum(map(size_of, dead.values()))
        for each in self._answers.values():
            if excess <= 0:
                return
            if each.fingerprint not in dead:
                excess -= size_of(each)
                yield each.fingerprint

    def _is_trusted(self, fingerprint: Fingerprint) -> bool:
        return self.trust == inf or monotonic() - self._put_at[fingerprint] < self.trust

    def _shrink(self) -> None:
        while self._held.size > self.limit:
            self._drop(next(iter(self._answers)))

    def _drop(self, fingerprint: Fingerprint) -> None:
        dropped = self._answers.pop(fingerprint, None)
        if dropped:
            del self._put_at[fingerprint]
            self._count(dropped, -1)

    def _count(self, answer: StoredAnswer, sign: int) -> None:
        held = self._held
        accesses = held.accesses + sign * answer.accesses
        self._held = Holdings(held.entries + sign, held.size + sign * size_of(answer), accesses)


def size_of(answer: StoredAnswer) -> int:
    """Estimate the bytes that *answer* takes."""
    done = answer.completion
    quotes = (each.quote for each in done.citations)
    return OVERHEAD + sum(map(_size_of_text, (answer.question, done.text, *answer.tags, *quotes)))


def _size_of_text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
