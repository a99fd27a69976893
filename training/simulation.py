"""Labelled traffic, judged as the product judges it, with a memory that knows which answers agree."""

from collections.abc import Sequence
from random import Random

import numpy as np
from attrs import define, field, frozen

from domain.belief import Vector
from domain.calibration import Calibration, Prior
from domain.candidates import USUAL, Candidate
from domain.labels import Asked, Label, Source
from domain.verdicts import HitPolicy, Verdict
from training.labelled import Pairs, Stream, Vectors


@frozen
class Lesson:
    """A candidate as it was judged, and whether its answer fits."""

    features: Vector
    fits: bool


@define
class Outcome:
    """What came of a stream: which hits, by number, were *wrong*, and how many *calls* were made, checks included."""

    lessons: list[Lesson] = field(factory=list)
    requests: int = 0
    hits: int = 0
    calls: int = 0
    wrong: list[int] = field(factory=list)

    @property
    def error_rate(self) -> float:
        """Give the share of requests that got a wrong answer."""
        return len(self.wrong) / self.requests

    @property
    def net(self) -> float:
        """Give the share of requests that cost no call."""
        return 1 - self.calls / self.requests


@define
class Replay:
    """
    One stream on its way through a memory that is empty at first.

    *checked* is the share of hits that are checked, *mistaken* the share of labels that say the contrary.
    """

    stream: Stream
    vectors: dict[str, Vectors]
    policy: HitPolicy
    calibration: Calibration
    learns: bool = True
    checked: float = 0.02
    mistaken: float = 0.0
    outcome: Outcome = field(factory=Outcome)
    chance: Random = field(factory=lambda: Random(7))  # noqa: S311 - a sample, not a secret
    _kept: dict[str, int] = field(factory=dict)
    _order: list[int] = field(factory=list)
    _memory: Vectors = field(init=False)

    @_memory.default
    def _empty(self) -> Vectors:
        width = next(iter(self.vectors.values())).size
        return np.empty((len(self.stream.texts), width), dtype=np.float32)

    def run(self) -> Outcome:
        """Ask everything in order."""
        for number in range(len(self.stream.texts)):
            self.outcome.requests += 1
            self._ask(number)
        return self.outcome

    def _ask(self, number: int) -> None:
        known = self._kept.get(self.stream.texts[number])
        if known is not None:
            self._serve(number, known)
            Asked(exact=True).tell(self.calibration)
        elif self._order:
            self._ask_by_meaning(number)
        else:
            self._miss(number)

    def _ask_by_meaning(self, number: int) -> None:
        near = self._nearest(number)
        texts, answers = self.stream.texts, self.stream.answers
        candidates = [Candidate(texts[each], similarity, answer=answers[each]) for each, similarity in near]
        verdict = self.policy.judge(texts[number], candidates, self.calibration)
        Asked(False, verdict.at_stake, verdict.hit).tell(self.calibration)
        lesson = Lesson(verdict.features or (), self._fits(number, near[0][0]))
        if lesson.features:
            self.outcome.lessons.append(lesson)
        if verdict.hit:
            self._serve(number, near[0][0])
            self._check(number, lesson)
        else:
            self._miss(number)
            self._learn(Source.MISS, lesson)

    def _check(self, number: int, lesson: Lesson) -> None:
        if self.chance.random() < self.checked:
            self._miss(number)
            self._learn(Source.CHECK, lesson)

    def _learn(self, source: Source, lesson: Lesson) -> None:
        if self.learns:
            fits = lesson.fits is (self.chance.random() >= self.mistaken)
            Label(source, lesson.features, fits).tell(self.calibration)

    def _serve(self, number: int, kept: int) -> None:
        self.outcome.hits += 1
        if not self._fits(number, kept):
            self.outcome.wrong.append(number)

    def _miss(self, number: int) -> None:
        self.outcome.calls += 1
        self._memory[len(self._order)] = self.vectors[self.stream.texts[number]]
        self._order.append(number)
        self._kept.setdefault(self.stream.texts[number], number)

    def _fits(self, number: int, kept: int) -> bool:
        return self.stream.answers[number] == self.stream.answers[kept]

    def _nearest(self, number: int) -> Sequence[tuple[int, float]]:
        cosines = self._memory[: len(self._order)] @ self.vectors[self.stream.texts[number]]
        near = np.argpartition(-cosines, USUAL)[:USUAL] if len(cosines) > USUAL else np.arange(len(cosines))
        return [(self._order[each], float(cosines[each])) for each in near[np.argsort(-cosines[near])]]


def judged_pairs(pairs: Pairs, vectors: dict[str, Vectors], policy: HitPolicy, prior: Prior) -> list[Verdict]:
    """Judge pairs as the first candidate of a new tenant."""
    fresh = Calibration.fresh(prior)
    return [policy.judge(asked, (nearest,), fresh) for nearest, asked in candidates_of(pairs, vectors)]


def candidates_of(pairs: Pairs, vectors: dict[str, Vectors]) -> list[tuple[Candidate, str]]:
    """Give each pair as a candidate and the question asked."""
    return [
        (Candidate(stored, float(vectors[stored] @ vectors[asked])), asked)
        for stored, asked in zip(pairs.stored, pairs.asked, strict=True)
    ]
