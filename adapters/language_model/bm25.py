"""Which texts speak of some words: Okapi BM25 over lightly stemmed English."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log

SATURATION = 1.2
"""How soon repeating a word stops to help (BM25's *k1*)."""

LENGTH = 0.75
"""How much a long text is held against it (BM25's *b*)."""

_SAID_OFTEN = """
a about all am an and any are as at be been but by can could did do does doing explain for from get give had happen
happens has have he her his how i if in into is it its know let like long many may me mean means might mine more
most much must my need no nor not of on one or our please she should so some such tell than that the their them then
there these they this those to up us use used uses using want was we were what when where which while who whom whose
why will with work works would you your yours
"""

STOPWORDS = frozenset(_SAID_OFTEN.split())

_SUFFIX = re.compile(r"(?<=\w{3})(?:ings?|ed|es|(?<!s)s|ly|e)$")
_DOUBLED = re.compile(r"([bdgmnprt])\1$")


def content_words(text: str) -> list[str]:
    """Give the stems of the words that carry meaning, in order."""
    return [_stem(word) for word in re.findall(r"[^\W_]+", text.casefold()) if word not in STOPWORDS]


def _stem(word: str) -> str:
    bare = _DOUBLED.sub(r"\1", _SUFFIX.sub("", word))
    return f"{bare[:-1]}i" if bare.endswith("y") else bare


class Ranking:
    """Texts, given as their content words, to be ranked by others. Immutable, and fast: all is counted beforehand."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._size = len(texts)
        self._mean = sum(map(len, texts)) / max(1, self._size)
        self._scores: dict[str, dict[int, float]] = defaultdict(dict)
        for number, words in enumerate(texts):
            for word, count in Counter(words).items():
                self._scores[word][number] = self._saturated(count, len(words))

    def weight(self, word: str) -> float:
        """Say how telling a word is: the fewer texts have it, the more; most of all when none has."""
        having = len(self._scores.get(word, ()))
        return log(1 + (self._size - having + 0.5) / (having + 0.5))

    def scores(self, words: Iterable[str]) -> Mapping[int, float]:
        """Score the texts that have any of *words*, by their position."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(words):
            for number, score in self._scores.get(word, {}).items():
                scores[number] += self.weight(word) * score
        return scores

    def _saturated(self, count: int, length: int) -> float:
        return count * (SATURATION + 1) / (count + SATURATION * (1 - LENGTH + LENGTH * length / self._mean))
