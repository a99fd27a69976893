"""What an answer says, as far as its wording tells."""

import re
import unicodedata
from functools import cached_property

from attrs import define

from adapters.answer_judge.claims import NOT, WORD, Claims, claims
from adapters.answer_judge.identifiers import identifiers, without_identifiers
from adapters.answer_judge.quantities import Quantity, quantities
from domain.vocabulary import FUNCTION, NEGATORS
from domain.wording import sense

FEW = 15
"""Words in a text too short to tell its language by how common they are."""

READ = 6_000
"""Characters; what an answer says after them is not looked at, and nobody is said to agree with it."""

TERSE = 30
"""Words in an answer of a sentence or two, in which every one of them counts."""

BRIEF = 60
"""Words in an answer that makes one point, so that another number makes it another answer."""

ENGLISH = 0.2
"""Share of function words from which a text counts as English."""

# Every repetition is bounded or cannot start over inside itself: answers are strangers' texts.
_LINK = re.compile(r"\[([^\]\[\n]{0,300})\]\([^()\s]{0,300}\)")
_MARKUP = re.compile(r"(?m)^[ \t]*+(?:[#>]+|[-*+•][ \t])|\*\*|__|```\w*|`|^[-=|: ]{3,}$")
_EDGES = "\"'“”«»()[]{}…,.;:?*_"
_TYPING = str.maketrans(
    {"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{EN DASH}": "-"}
)
_CODE = re.compile(r"```|`[^`]+`|^(?: {4}|\t)\S", re.MULTILINE)
_FOREIGN_WORDS = """
der die das und ist sie nicht ein eine den dem im mit von zu auf le la les des est une un du et pour dans vous el los
las una que por para con su il di che per è het een van de en op os uma não em da é och att det som är
"""
_FOREIGN = frozenset(_FOREIGN_WORDS.split())
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][a-zA-Z]*")
_LETTERS = frozenset("BCDEFGH")
_SILENT = FUNCTION | NEGATORS
_ABOUT = re.compile(r"\b(?:about|around|roughly|approximately|nearly|almost|circa)\b|~")


@define(slots=False)
class Statement:
    """What an answer says, read when it is asked for."""

    text: str

    @cached_property
    def plain(self) -> str:
        """Give the text without its markup, as a typewriter would write it, cut."""
        typed = unicodedata.normalize("NFKC", self.text[:READ]).translate(_TYPING)
        return _MARKUP.sub(" ", _LINK.sub(r"\1", typed))

    @cached_property
    def prose(self) -> str:
        """Give what is left of the plain text without identifiers."""
        return without_identifiers(self.plain)

    @cached_property
    def spelling(self) -> list[str]:
        """Give the words and signs as written, but for case, markup and what stands at their edges."""
        words = (word.rstrip("!").strip(_EDGES) for word in self.plain.casefold().split())
        return [word for word in words if word]

    @cached_property
    def words(self) -> list[str]:
        """Give the words, in order and in lower case."""
        return [word.removesuffix("'s") for word in WORD.findall(NOT.sub(" not", self.prose).lower())]

    @cached_property
    def senses(self) -> list[str]:
        """Give the sense of each word, in order."""
        return [sense(word) for word in self.words]

    @cached_property
    def said(self) -> list[str]:
        """Give the senses of the words that say something, in order, without numbers."""
        pairs = zip(self.words, self.senses, strict=True)
        return [sense for word, sense in pairs if word not in _SILENT and not sense[0].isdigit()]

    @cached_property
    def content(self) -> frozenset[str]:
        """Give the senses of the words that say something."""
        return frozenset(self.said)

    @cached_property
    def numbers(self) -> tuple[Quantity, ...]:
        """Give the amounts, dates and times, each once."""
        return quantities(self.prose)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Give what names one thing to a machine."""
        return identifiers(self.plain)

    @cached_property
    def names(self) -> frozenset[str]:
        """Give the capitalised words within sentences, as they are written."""
        return frozenset(name for name in _NAME.findall(self.plain) if name.lower() not in FUNCTION or name in _LETTERS)

    @cached_property
    def claims(self) -> Claims:
        """Give what it affirms and what it denies."""
        return claims(self.plain)

    @property
    def negates(self) -> bool:
        """Tell whether anything is denied, however it is meant."""
        return any(word in NEGATORS for word in self.words)

    @property
    def approximates(self) -> bool:
        """Tell whether some number is not meant exactly."""
        return bool(_ABOUT.search(self.plain.lower()))

    @property
    def is_terse(self) -> bool:
        """Tell whether it is a sentence or two."""
        return len(self.spelling) <= TERSE and not self.is_cut

    @property
    def is_brief(self) -> bool:
        """Tell whether it makes one point."""
        return len(self.spelling) <= BRIEF and not self.is_cut

    @property
    def is_cut(self) -> bool:
        """Tell whether it goes on after what was read."""
        return len(self.text) > READ

    @property
    def has_code(self) -> bool:
        """Tell whether it shows code, in which names and numbers are arbitrary."""
        return bool(_CODE.search(self.text))

    @property
    def is_english(self) -> bool:
        """Tell whether its most common words are English; of a few words, whether none is foreign."""
        english, foreign = (sum(word in common for word in self.words) for common in (FUNCTION, _FOREIGN))
        few = len(self.words) < FEW and self.plain.isascii()
        return foreign <= english and (few or english >= ENGLISH * len(self.words))
