"""Numbers in an answer, with what they count: amounts, dates, times of day."""

import re
from collections.abc import Iterator

from attrs import frozen

from domain.vocabulary import MONTHS, NUMERALS, UNITS

PLAIN = ""
YEAR = "in the year"
MONTH = "in the month"
TIME = "o'clock"
WEEKDAY = "on the day"

ROUNDED, HEDGED = 0.9, 0.5
"""The smaller of two amounts is at least this share of the larger if both may be one, rounded or said to be rough."""

_EXACT = frozenset({YEAR, MONTH, TIME, WEEKDAY})
_ROUNDED_FROM = 1_000
_YEARS = range(1_000, 2_101)

_SCALES = {"thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "billion": 10**9, "bn": 10**9}
_LIST_ITEM = re.compile(r"(?m)^[ \t*#>_(-]*+(?:step[ \t]+)?\d{1,2}[.):][*_]*[ \t]+(?=\S)", re.IGNORECASE)
_ISO_DATE = re.compile(r"\b([12]\d{3})-(0[1-9]|1[0-2])-([0-3]\d)\b")
_TIME = re.compile(r"\b(\d{1,2})(?::([0-5]\d))?[ \t]*([ap])\.?m\b\.?|\b(\d{1,2}):([0-5]\d)\b", re.IGNORECASE)
_MONTH_NAMES = "|".join(sorted((name.capitalize() for name in MONTHS), key=len, reverse=True))
_MONTH = re.compile(
    rf"(?<=\d )({_MONTH_NAMES})\b|(?<=\d(?:st|nd|rd|th) )({_MONTH_NAMES})\b|\b({_MONTH_NAMES})\b(?=\.? \d)"
)
_AMOUNT = re.compile(
    r"(?P<sign>[$€£¥₹])?(?<![A-Za-z\d_.,])(?P<minus>(?:(?<=[ \t])|\A)[-\u2212])?"
    r"(?P<number>\d+(?:[.,]\d+)*)(?:(?:st|nd|rd|th)\b)?"
    r"[ \t-]?(?:(?P<scale>thousand|k|million|mn|billion|bn)\b[ \t]?)?(?P<unit>[^\W\d_]+\b|[%$€£¥₹])?",
    re.IGNORECASE,
)


@frozen(order=True)
class Quantity:
    """A number and what it counts; *kind* is a unit, or what sort of date or time it is."""

    kind: str
    value: float

    def may_be(self, other: "Quantity", hedged: bool = False) -> bool:
        """Tell whether rounding alone could have made the one out of the other; *hedged* numbers are rounded freely."""
        if self.kind != other.kind or self.kind in _EXACT:
            return self == other
        if self.value * other.value < 0:
            return False
        larger, smaller = max(abs(self.value), abs(other.value)), min(abs(self.value), abs(other.value))
        if hedged:
            return smaller >= HEDGED * larger
        rounded = larger >= _ROUNDED_FROM or larger % 1 or smaller % 1
        return smaller == larger or bool(rounded and smaller > ROUNDED * larger)


def quantities(text: str) -> tuple[Quantity, ...]:
    """Read all numbers of *text*, each once, but for those that number the items of a list."""
    found: list[Quantity] = []
    rest = _NUMBER_WORD.sub(_in_digits, _LIST_ITEM.sub("", text))
    for pattern, read in _READERS:
        found += (quantity for match in pattern.finditer(rest) for quantity in read(match))
        rest = pattern.sub(" ", rest)
    return tuple(dict.fromkeys(found))


def _in_digits(found: re.Match[str]) -> str:
    return _DIGITS[found[0].lower()]


def _read_date(found: re.Match[str]) -> Iterator[Quantity]:
    year, month, day = map(int, found.groups())
    return iter((Quantity(YEAR, year), Quantity(MONTH, month), Quantity(PLAIN, day)))


def _read_time(found: re.Match[str]) -> Iterator[Quantity]:
    """Give minutes since midnight."""
    hour, minute, half, plain_hour, plain_minute = found.groups()
    if half is None:
        yield Quantity(TIME, int(plain_hour) * 60 + int(plain_minute))
    else:
        yield Quantity(TIME, (int(hour) % 12 + 12 * (half.lower() == "p")) * 60 + int(minute or 0))


def _read_month(found: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(MONTH, _MONTHS_IN_ORDER.index(MONTHS[found[0].lower()]))


def _read_weekday(found: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(WEEKDAY, _WEEKDAYS.index(found[1]))


def _read_amount(found: re.Match[str]) -> Iterator[Quantity]:
    unit = UNITS.get((found["sign"] or found["unit"] or "").lower(), PLAIN)
    value = _value(found["number"]) * _SCALES.get((found["scale"] or "").lower(), 1)
    is_year = unit == PLAIN and value in _YEARS and found["number"].isdecimal() and not found["scale"]
    yield Quantity(YEAR if is_year else unit, -value if found["minus"] else value)


def _value(number: str) -> float:
    """Read ``1,000``, ``1.5`` and ``1,5``; of several points the first parts the decimals."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return float(number.replace(",", ""))
    whole, _, decimals = number.replace(",", ".").partition(".")
    return float(f"{whole}.{decimals.replace('.', '')}")


_MONTHS_IN_ORDER = ["", *dict.fromkeys(MONTHS.values())]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})s?\b")
_DIGITS = {word: value for word, value in NUMERALS.items() if word not in _SCALES} | {"one": "1"}
_COUNTED = "|".join(word for word in UNITS if word[2:])
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(set(_DIGITS) - {'one'})}|one(?=[ -](?:{_COUNTED})\b))\b", re.IGNORECASE)
_READERS = (
    (_ISO_DATE, _read_date),
    (_TIME, _read_time),
    (_MONTH, _read_month),
    (_WEEKDAY, _read_weekday),
    (_AMOUNT, _read_amount),
)
