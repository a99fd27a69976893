"""Words that turn an answer round."""

from collections.abc import Iterable, Mapping

from domain.wording import opposites, sense

PIVOTS = frozenset({"off", "never", "only", "several"})
"""Words so common that an answer may use both of two opposites; how often it does still tells something."""

_PAIRS = """
on off, enable disable, increase decrease, increase reduce, raise lower, rise fall, grow shrink, expand shrink,
allow forbid, allow prohibit, permit prohibit, accept reject, accept refuse, approve deny, approve reject,
include exclude, before after, above below, over under, up down, more less, more fewer, most least, always never,
with without, first last, left right, north south, east west, high low, early late, win lose, left right,
possible impossible, safe dangerous, safe unsafe, legal illegal, required optional, mandatory optional, free paid,
open close, start stop, start end, add remove, install uninstall, lock unlock, block unblock, mute unmute,
subscribe unsubscribe, follow unfollow, show hide, visible hidden, public private, buy sell, send receive,
deposit withdraw, credit debit, borrow lend, import export, upload download, activate deactivate, connect disconnect,
freeze unfreeze, encrypt decrypt, attach detach, push pull, pass fail, succeed fail, success failure, gain loss,
available unavailable, able unable, valid invalid, eligible ineligible, correct incorrect, true false,
positive negative, agree disagree, better worse, best worst, hot cold, warm cool, heat cool, wet dry, hard soft,
fast slow, cheap expensive, minimum maximum, inside outside, internal external, male female, dead alive, full empty,
even odd, single several, single multiple,
ascending descending, healthy unhealthy, harmful beneficial, everyone nobody, all none, day night
"""


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
