"""Details in which two answers differ: those that part them for certain, and those that only cast doubt."""

import re
from collections.abc import Callable

from adapters.answer_judge.opposites import opposed, pivots
from adapters.answer_judge.quantities import PLAIN, YEAR, Quantity
from adapters.answer_judge.statement import Statement

_BUTTONS = re.compile(r"\b(?:click|tap|press|select|choose|navigate|open|go to|menu|button)\b|>|→", re.IGNORECASE)


def names_contradict(one: Statement, other: Statement) -> bool:
    """Tell whether each has a name of its own that is not short for the other's; buttons have many names."""
    shown = any(each.has_code or _BUTTONS.search(each.text) for each in (one, other))
    return not shown and _names_apart(one, other) and not _abbreviated(one, other)


def _each_has_its_own(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one - other and other - one)


def _numbers_contradict(one: Statement, other: Statement) -> bool:
    if one.has_code or other.has_code:
        return False
    hedged = one.approximates or other.approximates
    gone = [each for each in one.numbers if not any(each.may_be(new, hedged=hedged) for new in other.numbers)]
    new = [each for each in other.numbers if not any(each.may_be(old, hedged=hedged) for old in one.numbers)]
    return any(_exclude(a, b) for a in gone for b in new)


def _exclude(one: Quantity, other: Quantity) -> bool:
    """Tell whether two numbers stand for different things: other amounts of one unit, or one amount of other units."""
    measured = not {one.kind, other.kind} & {PLAIN, YEAR}
    return one.kind == other.kind or (measured and one.value == other.value)


def _identifiers_contradict(one: Statement, other: Statement) -> bool:
    shown = one.has_code or other.has_code
    return not shown and _each_has_its_own(_without_pages(one), _without_pages(other))


def _without_pages(statement: Statement) -> frozenset[str]:
    """Leave out web pages: many say the same."""
    return frozenset(each for each in statement.identifiers if not each.startswith(("http", "www.")))


def _claims_contradict(one: Statement, other: Statement) -> bool:
    return _terse_english(one, other) and one.claims.contradict(other.claims)


def _words_contradict(one: Statement, other: Statement) -> bool:
    """Tell whether an opposite has turned the sense; under a negation it may have kept it."""
    return _terse_english(one, other) and opposed(one.senses, other.senses) and not (one.negates or other.negates)


def _terse(one: Statement, other: Statement) -> bool:
    return one.is_terse and other.is_terse


def _terse_english(one: Statement, other: Statement) -> bool:
    return _terse(one, other) and one.is_english and other.is_english


def _names_apart(one: Statement, other: Statement) -> bool:
    return bool(_names_beyond(one, other) and _names_beyond(other, one))


def _names_beyond(one: Statement, other: Statement) -> frozenset[str]:
    """Give the names that only the one has, however the other writes them."""
    return frozenset(name for name in one.names if name.lower() not in other.words)


def _abbreviated(one: Statement, other: Statement) -> bool:
    """Tell whether a name that only one of them has may be short for names of the other."""
    shorts = [(name, other.names) for name in _names_beyond(one, other)]
    shorts += [(name, one.names) for name in _names_beyond(other, one)]
    return any(_short_for(short, names) for short, names in shorts)


def _short_for(short: str, names: frozenset[str]) -> bool:
    initials = {name[0] for name in names}
    return (short.isupper() and initials.issuperset(short)) or any(name.startswith(short) for name in names)


def _names_differ(question: Statement, one: Statement, other: Statement) -> bool:
    """Tell whether each has names of its own; in a terse answer one name more may be a condition."""
    more = {name.lower() for name in _names_beyond(one, other) | _names_beyond(other, one)}
    return _names_apart(one, other) or (_terse(one, other) and not more.issubset(question.words))


def _subjects_differ(question: Statement, one: Statement, other: Statement) -> bool:
    """Tell whether each speaks of another part of the question, as in "A is better" and "B is better"."""
    asked = question.content
    return _each_has_its_own((one.content & asked) - other.content, (other.content & asked) - one.content)


def _numbers_differ(one: Statement, other: Statement) -> bool:
    """Tell whether they have other numbers; in a terse answer also whether two of one kind have changed places."""
    if _terse(one, other):
        return sorted(one.numbers, key=_kind) != sorted(other.numbers, key=_kind)
    return set(one.numbers) != set(other.numbers)


def _kind(quantity: Quantity) -> str:
    return quantity.kind


def _turns_differ(one: Statement, other: Statement) -> bool:
    """Long answers use enough words to have the opposite of any; only what the other never uses counts there."""
    if _terse(one, other) and (one.negates != other.negates or pivots(one.senses) != pivots(other.senses)):
        return True
    return opposed(one.senses, other.senses) or one.claims.contradict(other.claims)


_Test = Callable[[Statement, Statement], bool]

CONTRADICTIONS: tuple[_Test, ...] = (
    _numbers_contradict,
    _identifiers_contradict,
    _claims_contradict,
    _words_contradict,
)
"""Each parts two short answers that otherwise say the same."""

DIFFERENCES: tuple[_Test, ...] = (
    lambda one, other: one.identifiers != other.identifiers,
    lambda one, other: one.is_cut or other.is_cut,
    _numbers_differ,
    _turns_differ,
)
"""Each is enough for doubt."""

DIFFERENCES_BEYOND: tuple[Callable[[Statement, Statement, Statement], bool], ...] = (_names_differ, _subjects_differ)
"""Each is enough for doubt, beside the question that comes first."""
