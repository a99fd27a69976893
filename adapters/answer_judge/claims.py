"""What an answer affirms and what it denies."""

import re
from collections.abc import Iterator

from attrs import frozen

from domain.vocabulary import FUNCTION, NEGATORS
from domain.wording import sense

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
NOT = re.compile(r"n't\b", re.IGNORECASE)

_YES = "yes|yeah|yep|correct|true|absolutely|certainly|definitely|of course|sure|ja|oui|sí|sim|да|はい|是的|是"
_NO = "no|nope|incorrect|false|never|not really|nein|non|não|нет|いいえ|不是|否"
_STANCE = re.compile(rf"\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?=\s*[,.!:;—。、!]|\s+[-—]|\s*$)", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?\n;]+")
_IDLE = re.compile(r"\bnot (?:only|just|necessarily|always)\b|\bno (?:matter|problem|worries|doubt)\b", re.IGNORECASE)
_NO_LONGER = re.compile(r"\bno longer\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:until|unless|except|before|without|if|only|but|though|although|however)\b", re.IGNORECASE
)


@frozen
class Claims:
    """
    Senses that stand in plain sentences, each *affirmed* or *denied*; what stands under a condition is neither.

    *stance* is ``True`` if it begins with yes, ``False`` if with no.
    """

    stance: bool | None
    affirmed: frozenset[str]
    denied: frozenset[str]

    def answers_against(self, other: "Claims") -> bool:
        """Tell whether the one begins with yes and the other with no."""
        return None not in (self.stance, other.stance) and self.stance != other.stance

    def contradict(self, other: "Claims") -> bool:
        """Tell whether the one denies outright what the other affirms outright."""
        return bool(self.only_denied & other.only_affirmed or other.only_denied & self.only_affirmed)

    @property
    def only_affirmed(self) -> frozenset[str]:
        """Give what is nowhere denied."""
        return self.affirmed - self.denied

    @property
    def only_denied(self) -> frozenset[str]:
        """Give what is nowhere affirmed."""
        return self.denied - self.affirmed


def claims(text: str) -> Claims:
    """Read the claims of *text*, which has no markup."""
    stance = _STANCE.match(text)
    found = list(_senses(text[stance.end() :] if stance else text))
    return Claims(
        bool(stance["yes"]) if stance else None,
        frozenset(each for each, denied in found if not denied),
        frozenset(each for each, denied in found if denied),
    )


def _senses(text: str) -> Iterator[tuple[str, bool]]:
    """Give the sense of each word that says something, and whether it is denied."""
    for sentence in _SENTENCE.split(_IDLE.sub(" ", _NO_LONGER.sub("not", NOT.sub(" not", text)))):
        words = WORD.findall(sentence.lower())
        if not _CONDITION.search(sentence) and sum(word in NEGATORS for word in words) <= 1:
            yield from _denials(words)


def _denials(words: list[str]) -> Iterator[tuple[str, bool]]:
    """Give what stands before a negation as affirmed, and what follows it as denied; the rest may be either."""
    negation = next((place for place, word in enumerate(words) if word in NEGATORS), len(words))
    yield from ((each, False) for each in _said(words[:negation]))
    yield from ((each, True) for each in _said(words[negation:])[:1])


def _said(words: list[str]) -> list[str]:
    return [sense(word) for word in words if word not in NEGATORS and word not in FUNCTION]
