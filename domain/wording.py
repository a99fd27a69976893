"""How a question is worded: its words, and the sense that each of them stands for."""

import re
from functools import lru_cache

from attrs import field, frozen

from domain.vocabulary import FUNCTION, IRREGULAR, NUMERALS, OPPOSITES, PREFIXES, SYNONYMS

SEPARATORS = frozenset(",/&:;")
STOPS = frozenset("?.!")
SIGNS = SEPARATORS | STOPS

_LONGEST_WORD = 40
_APOSTROPHE = "\u2019"
_SHORTEST_STEM, _SHORTEST_DERIVED, _SHORTEST_MISTYPED = 3, 4, 6
_LONGEST_SUFFIX = 4
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAPH}]|\d+(?:[.,]\d+)*|[^\W\d_{_IDEOGRAPH}]+|[$€£¥₹%?.!;,/&:]")
_NEGATED = re.compile(r"n't\b", re.IGNORECASE)
_CLIPPED = re.compile(r"'(?:s|re|m|ve|ll|d)\b", re.IGNORECASE)
_MINUS = re.compile(r"(?<!\S)[-\u2212](?=\d)")
_ABBREVIATED = re.compile(r"(?<=\b[A-Za-z])\.(?=[A-Za-z]\b)")
_IDIOM = re.compile(
    r"\b(?:(?P<how>what(?: is| are|s)? (?:a |the |some |an )?(?:\w{1,20} )?ways? (?:to|of|for))"
    r"|(?P<filler>in fact|of course|at all|as well)|(?P<formerly>used? to)|(?P<according>according to))\b",
    re.IGNORECASE,
)
_ENDINGS = (
    ("ies", "y", 2), ("ied", "y", 2), ("sses", "ss", 2), ("ss", "ss", 1), ("us", "us", 2), ("is", "is", 2),
    ("ing", "", 3), ("ed", "", 3), ("es", "", 3), ("s", "", 3), ("e", "", 3),
)  # fmt: skip


@frozen
class Wording:
    """
    A question's words.

    *surface* holds them as written, with numbers and signs; beside it, *lower* in lower case and *senses* the one word
    that stands for each, its inflections and its synonyms. *content* gives the positions of those that say what is
    asked.
    """

    text: str
    surface: list[str] = field(init=False)
    lower: list[str] = field(init=False)
    senses: list[str] = field(init=False)
    content: list[int] = field(init=False)
    bag: frozenset[str] = field(init=False)

    @surface.default
    def _surface(self) -> list[str]:
        return _spelled(self.text)

    @lower.default
    def _lower(self) -> list[str]:
        return [word.lower() for word in self.surface]

    @senses.default
    def _senses(self) -> list[str]:
        return [sense(word) for word in self.surface]

    @content.default
    def _content(self) -> list[int]:
        return [at for at, word in enumerate(self.senses) if word not in FUNCTION and word not in SIGNS]

    @bag.default
    def _bag(self) -> frozenset[str]:
        return frozenset(self.senses)


def _spelled(text: str) -> list[str]:
    """Split *text*, with what is clipped, abbreviated or idiomatic written plainly."""
    plain = text.replace(_APOSTROPHE, "'")
    if "'" in plain:
        plain = _CLIPPED.sub(" ", _NEGATED.sub(" not", plain))
    return _TOKEN.findall(_IDIOM.sub(_plainly, _ABBREVIATED.sub("", _MINUS.sub(" minus ", plain))))


def _plainly(idiom: re.Match[str]) -> str:
    return "" if idiom["filler"] else str(idiom.lastgroup)


@lru_cache(maxsize=16_384)
def sense(word: str) -> str:
    """Give the one word that stands for *word*, its inflections and its synonyms; a number loses its commas."""
    lower = word.lower()
    if lower[0].isdecimal():
        return lower.replace(",", "").removesuffix(".0")
    stem = _stem(lower)
    return NUMERALS.get(lower) or _CANONICAL.get(stem, stem)


def _stem(word: str) -> str:
    """Strip what inflects a lower-case English *word*."""
    root = IRREGULAR.get(word, word[:_LONGEST_WORD])
    return root if len(root) <= _SHORTEST_STEM or root in FUNCTION else _undoubled(_stripped(root))


def _stripped(word: str) -> str:
    for ending, plain, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word.removesuffix(ending) + plain
    return word


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "sle" else word


_CANONICAL = {_stem(word): _stem(first) for word, first in SYNONYMS.items()}
_PAIRS = frozenset((sense(one), sense(other)) for one, other in OPPOSITES)
_OPPOSITES = {
    word: frozenset(b if a == word else a for a, b in _PAIRS if word in (a, b)) for pair in _PAIRS for word in pair
}


def opposites(word: str) -> frozenset[str]:
    """Give the senses that are known to be opposite to the sense *word*."""
    return _OPPOSITES.get(word, frozenset())


def are_opposed(one: str, other: str) -> bool:
    """Tell whether one sense negates the other by its form: unhappy and happy, careless and careful."""
    short, long = sorted((one, other), key=len)
    deprived = _is_deprived(one, other) or _is_deprived(other, one)
    return len(short) >= _SHORTEST_STEM and (deprived or _is_prefixed(short, long))


def _is_prefixed(short: str, long: str) -> bool:
    return long.endswith(short) and long.removesuffix(short) in PREFIXES


def _is_deprived(one: str, other: str) -> bool:
    root = one.removesuffix("less")
    return root != one and len(root) >= _SHORTEST_STEM and other in (root, root + "ful", root + "e")


def are_akin(one: str, other: str) -> bool:
    """Tell whether two senses are forms of one word, or one is the other mistyped."""
    if one[:3] != other[:3]:
        return False
    short, long = sorted((one, other), key=len)
    return _is_derived(short, long) or (len(short) >= _SHORTEST_MISTYPED and _is_mistyped(short, long))


def _is_derived(short: str, long: str) -> bool:
    return len(short) >= _SHORTEST_DERIVED and long.startswith(short) and len(long) <= len(short) + _LONGEST_SUFFIX


def _is_mistyped(short: str, long: str) -> bool:
    at = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at:] == long[at + 1 :] or short[at + 1 :] == long[at + 1 :]
