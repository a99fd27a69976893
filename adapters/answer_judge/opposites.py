"""Words that turn an answer round."""

from collections.abc import Iterable, Mapping

from domain.wording import opposites, sense

PIVOTS = frozenset({"off", "never", "only", "several"})
"""Words so common that an answer may use both of two opposites; how often it does still tells something."""

_PAIRS = """
raise lower, rise fall, grow shrink, expand shrink, allow prohibit, permit prohibit, include exclude, above below,
over under, more less, more fewer, most least, with without, possible impossible, required optional,
mandatory optional, free paid, block unblock, mute unmute, follow unfollow, show hide, visible hidden,
freeze unfreeze, encrypt decrypt, attach detach, pass fail, gain loss, available unavailable, able unable,
valid invalid, eligible ineligible, agree disagree, heat cool, wet dry, internal external, full empty, even odd,
single several, ascending descending, healthy unhealthy, harmful beneficial, everyone nobody, all none, day night
"""
"""Beside those that questions turn on (``domain.wording.opposites``)."""


def _folded() -> Mapping[str, frozenset[str]]:
    opposed: dict[str, set[str]] = {}
    for one, other in (map(sense, pair.split()) for pair in _PAIRS.split(",")):
        opposed.setdefault(one, set()).add(other)
        opposed.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in opposed.items()}


_OPPOSED = _folded()


def opposed(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether, of two texts given as senses, the one has a word whose opposite the other has in its stead."""
    gone, new = set(one) - set(other), set(other) - set(one)
    return any((opposites(word) | _OPPOSED.get(word, frozenset())) & new for word in gone)


def pivots(senses: Iterable[str]) -> list[str]:
    """Give the words among *senses* on which what they say turns, sorted."""
    return sorted(word for word in senses if word in PIVOTS)
