"""What names one thing to a machine: addresses, telephone numbers, references, versions."""

import re
from collections.abc import Iterator

from domain.vocabulary import UNITS

_ADDRESS = re.compile(r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]++@[\w.-]+|\b\d+(?:\.\d+){2,}\b")
_TELEPHONE = re.compile(r"(?<![\w.-])(?!\d{4}-\d\d-\d\d)\+?\(?\d[\d() -]{6,20}\d\b")
_CODE = re.compile(
    r"(?<![\w.-])(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[a-z])[\w-]*\w(?!\w)|\b\d{6,}\b|\b[a-z]+(?:_[a-z]+)+\b",
    re.IGNORECASE | re.ASCII,
)
_UNIT = "|".join(unit for unit in UNITS if unit.isalpha())
_MEASURE = re.compile(rf"\d{{1,5}}(?:st|nd|rd|th|am|pm|s|x|k|bn|{_UNIT})|\d+-[^\W\d_]+", re.IGNORECASE)

LOCAL_NUMBER = 7
"""Last digits of a telephone number that are the same with and without what is dialled before."""


def identifiers(text: str) -> frozenset[str]:
    """Find them all in *text*; of telephone numbers the last digits."""
    return frozenset(_found(text))


def without_identifiers(text: str) -> str:
    """Leave them out, so that the numbers that remain count something."""
    return _CODE.sub(_measure, _TELEPHONE.sub(" ", _ADDRESS.sub(" ", text)))


def _found(text: str) -> Iterator[str]:
    yield from (each.casefold().rstrip(".,;:)!?") for each in _ADDRESS.findall(text))
    text = _ADDRESS.sub(" ", text)
    yield from (re.sub(r"\D", "", each)[-LOCAL_NUMBER:] for each in _TELEPHONE.findall(text))
    codes = _CODE.finditer(_TELEPHONE.sub(" ", text))
    yield from (each[0].casefold() for each in codes if not _measure(each))


def _measure(found: re.Match[str]) -> str:
    """Give what looks like an identifier only for want of a space, such as ``5kg``; nothing if it is one."""
    return found[0] if _MEASURE.fullmatch(found[0]) else ""
