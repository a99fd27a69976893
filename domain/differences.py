"""The ways in which two questions may differ, and how plainly they do."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from domain import mentions
from domain.arrangement import disorder
from domain.contrast import Contrast
from domain.vocabulary import CHANGING
from domain.wording import sense

PLAIN = 0.5
"""The grade from which a difference is named; what is below is only suspected."""

_SUSPECTED = 0.4
_MOST_REPLACED = 2
_CHANGING = frozenset(map(sense, CHANGING))
_JOINING = frozenset({"and", "or"})


class Difference(StrEnum):
    """Where two questions differ: a closed set, part of the API."""

    NUMBERS = "numbers"
    UNITS = "units"
    DATES = "dates"
    NEGATION = "negation"
    ANTONYM = "antonym"
    COMPARATIVE = "comparative"
    NAMES = "names"
    IDENTIFIERS = "identifiers"
    ORDER = "order"
    PERSON = "person"
    TENSE = "tense"
    CONJUNCTION = "conjunction"
    QUESTION_WORD = "question_word"
    LANGUAGE = "language"
    WORD = "word"
    MORE = "more"

    @property
    def meaning(self) -> str:
        """Say it in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Difference.NUMBERS: "They name different numbers.",
    Difference.UNITS: "They measure in different units.",
    Difference.DATES: "They name different days or months.",
    Difference.NEGATION: "One of them is negated.",
    Difference.ANTONYM: "One asks for the opposite of the other.",
    Difference.COMPARATIVE: "One asks for more, the other for less.",
    Difference.NAMES: "They name different people, places or things.",
    Difference.IDENTIFIERS: "They name different addresses, paths or codes.",
    Difference.ORDER: "The same words have changed places.",
    Difference.PERSON: "They speak of different persons.",
    Difference.TENSE: "One asks what is, the other what was or comes to be.",
    Difference.CONJUNCTION: "One asks for either, the other for both.",
    Difference.QUESTION_WORD: "They ask for different things: who, when, where, why, how many.",
    Difference.LANGUAGE: "They are written in different languages.",
    Difference.WORD: "One word stands in the place of another.",
    Difference.MORE: "One of them asks something more particular.",
}

OPPOSING = frozenset(Difference) - {Difference.QUESTION_WORD, Difference.WORD, Difference.MORE}
"""Those that normally call for another answer."""


def _numbers(pair: Contrast) -> float:
    """Grade numbers: plain when each has one that the other lacks, or they repeat theirs otherwise."""
    listed = mentions.numbers(pair.stored) + mentions.ones(pair.stored, pair.asked)
    others = mentions.numbers(pair.asked) + mentions.ones(pair.asked, pair.stored)
    one, other = set(listed), set(others)
    if one == other:
        return 0.0
    return 1.0 if len(listed) == len(others) or not (one < other or other < one) else _SUSPECTED


def _each_has_its_own(one: set[str], other: set[str]) -> float:
    return float(not (one <= other or other <= one))


def _units(pair: Contrast) -> float:
    return _each_has_its_own(mentions.units(pair.stored), mentions.units(pair.asked))


def _dates(pair: Contrast) -> float:
    return _each_has_its_own(mentions.dates(pair.stored), mentions.dates(pair.asked))


def _identifiers(pair: Contrast) -> float:
    return _each_has_its_own(mentions.identifiers(pair.stored), mentions.identifiers(pair.asked))


def _negation(pair: Contrast) -> float:
    return float(pair.negated % 2 and not pair.is_cancelled)


def _antonym(pair: Contrast) -> float:
    return float(pair.turned > 0 and not pair.is_cancelled)


def _comparative(pair: Contrast) -> float:
    return float(pair.lessened % 2 and not pair.is_cancelled)


def _names(pair: Contrast) -> float:
    """Grade names: plain when each has one that the other lacks, and neither is short for the other."""
    gone = mentions.names(pair.stored).intersection(pair.gone)
    new = mentions.names(pair.asked).intersection(pair.new)
    if gone and new:
        return _SUSPECTED if mentions.abbreviates(pair.stored, pair.asked) else 1.0
    return min(_SUSPECTED, 0.2 * (len(gone) + len(new)))


def _order(pair: Contrast) -> float:
    """Grade the order, when there are hardly any other words."""
    odd = max(len(pair.gone), len(pair.new))
    shorter = min(len(pair.stored.content), len(pair.asked.content))
    few = odd == 0 or (odd == 1 and 3 * (len(pair.gone) + len(pair.new)) <= shorter)
    return disorder(pair.stored, pair.asked) if few else 0.0


def _person(pair: Contrast) -> float:
    """Grade "he" against "she", and against one of several people, called by the name once more."""
    one, other = mentions.genders(pair.stored), mentions.genders(pair.asked)
    if len(one) == len(other):
        return float(one != other)
    repeating = pair.stored if len(one) < len(other) else pair.asked
    return float(len(repeating.content) > len({repeating.senses[at] for at in repeating.content}))


def _tense(pair: Contrast) -> float:
    """Grade what once was, and what comes to be, against what is."""
    return float(pair.stored.bag.isdisjoint(_CHANGING) != pair.asked.bag.isdisjoint(_CHANGING))


def _conjunction(pair: Contrast) -> float:
    """Grade "either ... or" against "both ... and"."""
    return float({pair.stored.bag & _JOINING, pair.asked.bag & _JOINING} == {frozenset({"and"}), frozenset({"or"})})


def _question_word(pair: Contrast) -> float:
    """Grade what is asked for; "how" for "what", and a yes for anything else, are only suspected."""
    one, other = mentions.asks_for(pair.stored), mentions.asks_for(pair.asked)
    if one == other:
        return 0.0
    return _SUSPECTED if not one or not other or {one, other} == {"how", "what"} else 1.0


def _language(pair: Contrast) -> float:
    one, other = mentions.language(pair.stored), mentions.language(pair.asked)
    return float(any(a and b and a != b for a, b in zip(one, other, strict=True)))


def _word(pair: Contrast) -> float:
    """Grade one or two words in the place of others: plain when all else is the same."""
    if not pair.gone or not pair.new:
        return 0.0
    one, other = pair.frames()
    return 1.0 if one == other and len(pair.gone) <= _MOST_REPLACED else _SUSPECTED * pair.contained


def _more(pair: Contrast) -> float:
    """Grade what only one adds: plain when it narrows a question whose answer is yes or no."""
    if bool(pair.gone) == bool(pair.new):
        return 0.0
    one, other = (list(filter(None, frame)) for frame in pair.frames())
    return 1.0 if one == other and not mentions.asks_for(pair.asked) else _SUSPECTED


GRADES: Mapping[Difference, Callable[[Contrast], float]] = MappingProxyType(
    {
        Difference.NUMBERS: _numbers,
        Difference.UNITS: _units,
        Difference.DATES: _dates,
        Difference.NEGATION: _negation,
        Difference.ANTONYM: _antonym,
        Difference.COMPARATIVE: _comparative,
        Difference.NAMES: _names,
        Difference.IDENTIFIERS: _identifiers,
        Difference.ORDER: _order,
        Difference.PERSON: _person,
        Difference.TENSE: _tense,
        Difference.CONJUNCTION: _conjunction,
        Difference.QUESTION_WORD: _question_word,
        Difference.LANGUAGE: _language,
        Difference.WORD: _word,
        Difference.MORE: _more,
    }
)
"""How plainly two questions differ in each way: from 0, not at all, to 1."""
