"""How two answers run beside each other: in what order they say things, and where one has a word for another."""

from bisect import bisect_left
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property

from attrs import define

MOST = 150
"""Words of each that are laid beside each other: the work grows with their product."""

MOST_TURNED = 40
"""Words whose order is looked at, in every rotation."""

SLOT = 3
"""Words that may stand for one another in the same place."""


@define(slots=False)
class Alignment:
    """Two lists of words, laid beside each other."""

    one: Sequence[str]
    other: Sequence[str]

    @cached_property
    def _matcher(self) -> "SequenceMatcher[str]":
        return SequenceMatcher(None, self.one[:MOST], self.other[:MOST], autojunk=False)

    @property
    def parallel(self) -> float:
        """Give the share of the words that stand beside one like themselves, 0 to 1."""
        return self._matcher.ratio()

    @cached_property
    def exchanged(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """Give the words of *one* and those of *other* that stand in the same place, place by place."""
        replaced = (spans for kind, *spans in self._matcher.get_opcodes() if kind == "replace")
        places = ((self.one[a:b], self.other[c:d]) for a, b, c, d in replaced if max(b - a, d - c) <= SLOT)
        return [(frozenset(gone), frozenset(new)) for gone, new in places]


def in_order(one: Sequence[str], other: Sequence[str]) -> float:
    """
    Give the share of the words of both that come in one order, 0 to 1.

    A part that moved from the end to the front, as in "Canberra is the capital", leaves the order as it was.
    """
    first = {word: place for place, word in enumerate(dict.fromkeys(one))}
    places = [first[word] for word in dict.fromkeys(other) if word in first][:MOST_TURNED]
    turned = (places[at:] + places[:at] for at in range(len(places)))
    return max(map(_longest_rise, turned), default=1) / (len(places) or 1)


def _longest_rise(places: Sequence[int]) -> int:
    """Give the length of the longest rising subsequence."""
    ends: list[int] = []
    for place in places:
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)
