"""In which order a question names things, and whether another order asks something else."""

from collections import Counter

from domain.vocabulary import ARTICLES, AUXILIARIES, CONJUNCTIONS, FUNCTION, IRREGULAR, SYMMETRIC
from domain.wording import SEPARATORS, STOPS, Wording, sense

_COMPARED = 90
"""Words of each question; what comes later is compared without its order."""

_DIVIDERS = SEPARATORS | CONJUNCTIONS
_UNORDERED = SEPARATORS | STOPS
_UNSAID = AUXILIARIES | ARTICLES | _UNORDERED
_SYMMETRIC = frozenset(map(sense, SYMMETRIC))
_LOOSE = 0.4
_NEIGHBOURS = 2
_FEW = 2
_RELATED = (3, 4)


def disorder(one: Wording, other: Wording) -> float:
    """Give 1 where the same things have changed places, 0.4 where some only come earlier or later, else 0."""
    a, b = _sequence(one), _sequence(other)
    bare, bare_other = _bare(a), _bare(b)
    if bare == bare_other:
        return 0.0
    if sorted(bare) == sorted(bare_other):
        return 0.0 if _sentences(one) == _sentences(other) else _exchange(a, b)
    if len(bare) == len(bare_other) and set(bare) == set(bare_other):
        return 1.0
    return 0.0 if _is_choice(one, other) else _roles(one, other)


def inversions(one: Wording, other: Wording) -> float:
    """Give the share, 0 to 1, of pairs of shared content words that stand the other way round."""
    a, b = roles(one, other)[:24], roles(other, one)[:24]
    once = {word for word in a if a.count(word) == b.count(word) == 1}
    places = [b.index(word) for word in a if word in once]
    pairs = len(places) * (len(places) - 1) / 2
    return sum(p > q for at, p in enumerate(places) for q in places[at + 1 :]) / max(1.0, pairs)


def roles(one: Wording, other: Wording) -> list[str]:
    """Give the content of *one*; doer first, where *one* names it after "by" or "according to" and *other* does not."""
    content = one.content[:_COMPARED]
    agent = _agent(one, other)
    if agent:
        verb = [agent - 1] if one.senses[agent] == "by" else []
        content = [at for at in content if at > agent] + verb + [at for at in content if at < agent - len(verb)]
    return [one.senses[at] for at in content]


def _agent(one: Wording, other: Wording) -> int:
    """Give the place of the word that announces the doer; 0 where none does."""
    for word in ("by", "according"):
        if word in one.bag and word not in other.bag:
            at = one.senses.index(word)
            return at if word == "according" or _is_participle(one.surface[at - 1].lower()) else 0
    return 0


def _is_participle(word: str) -> bool:
    return word.endswith("ed") or IRREGULAR.get(word, word) != word


def _sequence(wording: Wording) -> list[str]:
    return [word for word in wording.senses if word not in AUXILIARIES and word not in ARTICLES][:_COMPARED]


def _bare(sequence: list[str]) -> list[str]:
    return [word for word in sequence if word not in _UNORDERED]


def _sentences(wording: Wording) -> list[tuple[str, ...]]:
    return sorted(_split(_sequence(wording), STOPS))


def _split(sequence: list[str], dividers: frozenset[str]) -> list[tuple[str, ...]]:
    pieces: list[list[str]] = [[]]
    for word in sequence:
        if word in dividers:
            pieces.append([])
        else:
            pieces[-1].append(word)
    return [tuple(piece) for piece in pieces if piece]


def _is_choice(one: Wording, other: Wording) -> bool:
    """Tell "are cats bigger than dogs" beside "what is bigger, dogs or cats": a choice has no order."""
    changed = one.bag ^ other.bag
    return "than" in changed and not changed.isdisjoint(("or", "and"))


def _roles(one: Wording, other: Wording) -> float:
    """Compare who does what to whom, where hardly a word is said otherwise."""
    if len((one.bag ^ other.bag) - _UNSAID) > _FEW:
        return 0.0
    voiced = _agent(one, other) or _agent(other, one)
    a, b = (roles(one, other), roles(other, one)) if voiced else (_sequence(one), _sequence(other))
    kept = _evenly(a, b)
    a, b = _only(a, kept), _only(b, kept)
    return float(_bare(a) != _bare(b) and _exchange(a, b) == 1.0)


def _evenly(a: list[str], b: list[str]) -> set[str]:
    """Give the words that both name equally often."""
    return {word for word, _ in Counter(a).items() & Counter(b).items()}


def _only(sequence: list[str], kept: set[str]) -> list[str]:
    return [word for word in sequence if word in kept or word in _DIVIDERS]


def _exchange(a: list[str], b: list[str]) -> float:
    """Judge the stretch in which *a* and *b*, of the same words, differ: a listing and its reverse ask the same."""
    start = _shared(a, b)
    end = _shared(a[start:][::-1], b[start:][::-1])
    one, other = a[start : len(a) - end], b[start : len(b) - end]
    before, after = a[max(0, start - 1) : start], a[len(a) - end :][:1]
    around = ((one, other), (one + after, other + after), (before + one, before + other))
    if _is_symmetric(one, other) or _is_joined(one, other) or any(_is_relisted(*each) for each in around):
        return 0.0
    return _LOOSE if _is_moved(one, other) else 1.0


def _shared(a: list[str], b: list[str]) -> int:
    """Count the words with which both begin."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _is_relisted(one: list[str], other: list[str]) -> bool:
    items = _split(one, _DIVIDERS)
    return len(items) > 1 and sorted(items) == sorted(_split(other, _DIVIDERS))


def _is_moved(one: list[str], other: list[str]) -> bool:
    """Tell what is said later instead of earlier from what trades places: "at which price do you sell it"."""
    return any(one[at:] + one[:at] == other for at, word in enumerate(one) if [word] == other[:1])


def _is_symmetric(one: list[str], other: list[str]) -> bool:
    """Tell "Ann is married to Ben" from "Ann is afraid of Ben"."""
    content = [word for word in one if word not in FUNCTION and word not in SEPARATORS]
    turned = content[:1] + content[-1:] == one[:1] + one[-1:] == other[-1:] + other[:1]
    return turned and len(content) in _RELATED and _SYMMETRIC.issuperset(content[1:-1])


def _is_joined(one: list[str], other: list[str]) -> bool:
    """Tell a pair and its reverse with "and" between: a Danish cook, a cook and Danish."""
    plain, joined = sorted((one, other), key=len)
    return len(plain) == _NEIGHBOURS and joined == [plain[1], "and", plain[0]]
