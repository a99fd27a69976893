"""What a question mentions: numbers, units, dates, names, identifiers, people, the kind of answer, its language."""

import re
import unicodedata
from collections import Counter
from itertools import islice, pairwise

from domain.vocabulary import DAYS, FEMALE, FUNCTION, MALE, MEASURED, MONTHS, QUESTION_WORDS, TONGUES, UNITS
from domain.wording import SIGNS, Wording

_LETTERS_LOOKED_AT = 200
_CURRENCIES = frozenset("$€£¥₹%")
_TRIMMED = ".,;:?!()[]<>\"'`"
_LATIN = "LATIN"
_SHORT = 2
_MARK = re.compile(r"://|@|_|\\|::|\(\)|[a-z]{3}[A-Z]")


def numbers(wording: Wording) -> list[str]:
    """Give each number, in digits and with its sign, as often as it stands there."""
    senses = wording.senses
    return ["-" * (senses[at - 1 : at] == ["minus"]) + word for at, word in enumerate(senses) if word[0].isdecimal()]


def ones(wording: Wording, other: Wording) -> list[str]:
    """Give the number 1 for each "one" before a word that *other* counts: elsewhere it is a pronoun."""
    counted = {thing for number, thing in pairwise(other.senses) if number[0].isdecimal()}
    return ["1" for number, thing in pairwise(wording.senses) if number == "one" and thing in counted]


def units(wording: Wording) -> set[str]:
    """Give the units; a short one, such as "m", only after a number."""
    return {UNITS[word] for at, word in enumerate(wording.lower) if word in UNITS and _is_unit(wording, at)}


def _is_unit(wording: Wording, at: int) -> bool:
    word = wording.surface[at]
    return len(word) > _SHORT or word in _CURRENCIES or (at > 0 and wording.surface[at - 1][0].isdecimal())


def dates(wording: Wording) -> set[str]:
    """Give the months and days; "may" and "march" are months where they are capitalised or stand beside a number."""
    found = enumerate(wording.lower)
    return {MONTHS.get(word, word) for at, word in found if word in DAYS or (word in MONTHS and _is_month(wording, at))}


def _is_month(wording: Wording, at: int) -> bool:
    beside = wording.surface[max(0, at - 1) : at] + wording.surface[at + 1 : at + 2]
    return wording.surface[at][0].isupper() or any(word[0].isdecimal() for word in beside)


def names(wording: Wording) -> set[int]:
    """Give the positions of capitalised words within sentences; none where capitals are a matter of style."""
    inner = {at for at, word in enumerate(wording.surface) if at and word[0].isupper() and not _opens(wording, at)}
    if any(wording.senses[at] in FUNCTION and wording.surface[at] != "I" for at in inner):
        return set()
    return inner.intersection(wording.content)


def _opens(wording: Wording, at: int) -> bool:
    return wording.surface[at - 1] in SIGNS


def _initials(wording: Wording) -> str:
    """Give the first letters of the capitalised words, in order and lower case."""
    return "".join(word[0] for word in wording.surface if word[0].isupper()).lower()


def identifiers(wording: Wording) -> set[str]:
    """Give what is an address, a path or a name in code, as written."""
    if not _MARK.search(wording.text):
        return set()
    chunks = (chunk.strip(_TRIMMED) for chunk in wording.text.split())
    return {chunk for chunk in chunks if len(chunk) > _SHORT and _MARK.search(chunk)}


def genders(wording: Wording) -> list[bool]:
    """Give, for each pronoun of a person in turn, whether it is a man's."""
    return [word in MALE for word in wording.senses if word in MALE or word in FEMALE]


def asks_for(wording: Wording) -> str:
    """Give the question word, "how many" and its like being one; empty for a yes or a no."""
    at = next((at for at, word in enumerate(wording.senses) if word in QUESTION_WORDS), None)
    if at is None:
        return ""
    following = "".join(wording.senses[at + 1 : at + 2])
    word = QUESTION_WORDS[wording.senses[at]]
    return f"{word} {following}" if word == "how" and following in MEASURED else word


def language(wording: Wording) -> tuple[str, str]:
    """Give the script, and for Latin the tongue; empty where it cannot be told."""
    script = _script(wording.text)
    return (script, _tongue(wording)) if script == _LATIN else (script, "")


def _script(text: str) -> str:
    if text.isascii():
        return _LATIN
    letters = islice(filter(str.isalpha, text), _LETTERS_LOOKED_AT)
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
    kana = {"HIRAGANA", "KATAKANA"} & scripts.keys()
    return "HIRAGANA" if kana else next((script for script, _ in scripts.most_common(1)), "")


def _tongue(wording: Wording) -> str:
    """Give the tongue to which most of the words belong, at least two."""
    words = TONGUES.keys() & set(wording.lower)
    counts = Counter([tongue for word in words for tongue in TONGUES[word]])
    (tongue, most), (_, second) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    return tongue if most > max(1, second) else ""


def abbreviates(one: Wording, other: Wording) -> bool:
    """Tell whether a name in capitals stands in one for the words of the other that begin with its letters."""
    return _is_spelled_out(one, other) or _is_spelled_out(other, one)


def _is_spelled_out(short: Wording, long: Wording) -> bool:
    letters = _initials(long)
    return any(word.isupper() and len(word) > 1 and word.lower() in letters for word in short.surface)
