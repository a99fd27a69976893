"""Two questions' words side by side."""

from collections.abc import Iterable

from attrs import frozen

from domain.vocabulary import DIMINISHERS, DIRECTIONS, MODIFIERS, NEGATORS, PARTICLES, POINTING, SPEAKER
from domain.wording import SIGNS, STOPS, Wording, are_akin, are_opposed, opposites

_PAIRED = 40
"""Content words of each question that are looked at for kinship and opposition with the other's."""

_SELF_CONTAINED = 3
"""Content words that the last sentence needs to stand alone."""

_UNHEARD = MODIFIERS | SIGNS | {"a", "an", "the", "do", "does", "did"}

Pairs = set[tuple[str, str]]


@frozen
class Contrast:
    """
    Two wordings, with what only one of them has.

    *gone* and *new* are the positions of the content words of which only the stored, only the asked question has the
    sense or its kin. *turned* counts the words that meet their opposite, *negated* and *lessened* the negations and
    the "less" that the stored question has more than the asked one.
    """

    stored: Wording
    asked: Wording
    gone: list[int]
    new: list[int]
    turned: int
    negated: int
    lessened: int

    @property
    def is_cancelled(self) -> bool:
        """Whether negation and opposites outweigh each other: "not sad" for "happy"."""
        return bool(self.negated or self.lessened) and (self.negated + self.lessened + self.turned) % 2 == 0

    @property
    def contained(self) -> float:
        """The share of its content words that the question with fewer of its own has in common with the other."""
        gone = len(self.gone) / max(1, len(self.stored.content))
        return 1.0 - min(gone, len(self.new) / max(1, len(self.asked.content)))

    @property
    def jaccard(self) -> float:
        """The share of all content words that both have."""
        shared = min(len(self.stored.content) - len(self.gone), len(self.asked.content) - len(self.new))
        return shared / max(1, shared + len(self.gone) + len(self.new))

    @property
    def sentences(self) -> int:
        """The number of sentences of the question that has more."""
        return max(len(_stops(self.stored)), len(_stops(self.asked)))

    @property
    def is_narrated(self) -> bool:
        """Whether both speak of the asker."""
        return not self.stored.bag.isdisjoint(SPEAKER) and not self.asked.bag.isdisjoint(SPEAKER)

    def frames(self) -> tuple[list[str], list[str]]:
        """Give the words of each, less modifiers and signs, with a blank for each that only one of them has."""
        return _frame(self.stored, self.gone), _frame(self.asked, self.new)


def contrast(stored: Wording, asked: Wording) -> Contrast:
    """Set two wordings side by side."""
    gone, new = _beyond(stored, asked), _beyond(asked, stored)
    pairs = [(a, b) for a in _senses(stored, gone[:_PAIRED]) for b in _senses(asked, new[:_PAIRED])]
    opposed = _opposed(stored, asked) | {pair for pair in pairs if are_opposed(*pair)}
    matched = opposed | {pair for pair in pairs if are_akin(*pair)}
    gone, new = _without(stored, gone, (a for a, _ in matched)), _without(asked, new, (b for _, b in matched))
    if gone and new and _is_preamble(stored, asked):
        gone, new = [], []
    turned = min(len({a for a, _ in opposed}), len({b for _, b in opposed}))
    return Contrast(stored, asked, gone, new, turned, _more(stored, asked, NEGATORS), _more(stored, asked, DIMINISHERS))


def _beyond(one: Wording, other: Wording) -> list[int]:
    """Give the positions of the content words of *one*, numbers apart, that *other* lacks."""
    return [at for at in one.content if one.senses[at] not in other.bag and not one.senses[at][0].isdecimal()]


def _senses(wording: Wording, positions: list[int]) -> set[str]:
    return {wording.senses[at] for at in positions}


def _without(wording: Wording, positions: list[int], matched: Iterable[str]) -> list[int]:
    known = set(matched)
    return [at for at in positions if wording.senses[at] not in known]


def _opposed(one: Wording, other: Wording) -> Pairs:
    left, right = one.bag - other.bag, other.bag - one.bag
    found = {(a, b) for a in left for b in opposites(a) & right}
    return {(a, b) for a, b in found if (a not in PARTICLES and a not in DIRECTIONS) or _meet(one, a, other, b)}


def _meet(one: Wording, word: str, other: Wording, opposite: str) -> bool:
    """Tell whether it is the same thing that is "on" and "off", or that something goes "to" and comes "from"."""
    (before, after), (other_before, other_after) = _beside(one, word), _beside(other, opposite)
    if word in DIRECTIONS:
        return not after.isdisjoint(other_after)
    return not (before | after).isdisjoint(other_before | other_after)


def _beside(wording: Wording, word: str) -> tuple[set[str], set[str]]:
    """Give the content words next before, and next after, wherever *word* stands."""
    places = [at for at, each in enumerate(wording.senses) if each == word]
    before = {wording.senses[at] for place in places for at in [at for at in wording.content if at < place][-1:]}
    after = {wording.senses[at] for place in places for at in [at for at in wording.content if at > place][:1]}
    return before, after


def _more(one: Wording, other: Wording, words: frozenset[str]) -> int:
    return sum(word in words for word in one.senses) - sum(word in words for word in other.senses)


def _is_preamble(one: Wording, other: Wording) -> bool:
    """Tell whether they end in the same question, one that does not point back to what comes before it."""
    start, other_start = _last(one), _last(other)
    last = one.senses[start:]
    alone = sum(at >= start for at in one.content) >= _SELF_CONTAINED and POINTING.isdisjoint(last)
    return start > 0 and other_start > 0 and alone and last == other.senses[other_start:]


def _last(wording: Wording) -> int:
    """Give where the last sentence starts."""
    return max((at + 1 for at in _stops(wording)[:-1]), default=0)


def _stops(wording: Wording) -> list[int]:
    """Give the positions after which a sentence begins or the text ends."""
    senses, last = wording.senses, len(wording.senses) - 1
    return [at for at, word in enumerate(senses) if at == last or (word in STOPS and senses[at + 1] not in STOPS)]


def _frame(wording: Wording, missing: list[int]) -> list[str]:
    absent = set(missing)
    words = enumerate(wording.senses)
    return ["" if at in absent else word for at, word in words if at in absent or word not in _UNHEARD]
