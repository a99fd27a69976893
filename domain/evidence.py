"""What two questions share, and where they differ: reasons that a customer can read, and figures for a model."""

from math import log

from attrs import frozen

from domain.arrangement import inversions
from domain.contrast import Contrast, contrast
from domain.differences import GRADES, OPPOSING, PLAIN, Difference
from domain.wording import Wording

__all__ = ["FEATURES", "OPPOSING", "Difference", "Evidence", "compare"]

FEATURES = (
    *map(str, Difference),
    *("contrast", "inversions", "jaccard", "contained", "covered", "length", "sentences", "narrated"),
)
"""
What each of the features is, in order, all from 0 to 1.

First each difference, graded: 1 where it is plain, less than a half where it is only suspected and not named.
*contrast* is how much else they share when a difference that vetoes is plain, or when one word is replaced and
nothing else; *inversions* the share of shared words in another order; *jaccard* and *contained* the shared content
words, of all and of the question's that has fewer of its own; *covered* whether neither names anything that the other
does not; *length* that of the longer one, logarithmic; *sentences* the longer one's, in thirds; *narrated* whether
both speak of the asker.
"""

_LONGEST = 5.0
"""The logarithm of the number of words from which *length* is 1."""

_MANY_SENTENCES = 3


@frozen
class Evidence:
    """
    What speaks for and against two questions asking the same.

    *differences* are the plain ones, in the order of their declaration; *features* are described by ``FEATURES``.
    """

    differences: tuple[Difference, ...]
    features: tuple[float, ...]


def compare(stored: str, asked: str) -> Evidence:
    """Find what *stored* and *asked*, in any language, share and where they differ."""
    pair = contrast(Wording(stored), Wording(asked))
    grades = {difference: grade(pair) for difference, grade in GRADES.items()}
    plain = tuple(difference for difference, grade in grades.items() if grade >= PLAIN)
    opposed = grades[Difference.WORD] >= PLAIN or not OPPOSING.isdisjoint(plain)
    return Evidence(plain, (*grades.values(), pair.contained if opposed else 0.0, *_shared(pair)))


def _shared(pair: Contrast) -> tuple[float, ...]:
    longer = max(len(pair.stored.surface), len(pair.asked.surface))
    return (
        inversions(pair.stored, pair.asked),
        pair.jaccard,
        pair.contained,
        float(not pair.gone and not pair.new),
        min(1.0, log(1 + longer) / _LONGEST),
        min(1.0, pair.sentences / _MANY_SENTENCES),
        float(pair.is_narrated),
    )
