"""Two answers side by side: what speaks for and against their saying the same."""

from functools import cached_property

from attrs import define

from adapters.answer_judge import differences
from adapters.answer_judge.alignment import Alignment, in_order
from adapters.answer_judge.declining import declines, is_label
from adapters.answer_judge.opposites import opposed
from adapters.answer_judge.statement import READ, TERSE, Statement

REPEATED = 0.9
"""Accord from which answers are made of the same words, so that their order tells them apart."""

IN_ORDER = 0.7
"""Share of those words that must come in one order in two terse answers."""

FRAME = 0.35
"""Share of the shorter answer's words that the other must have, for a detail to differ within the same sentence."""

PARALLEL = 0.7
"""Share of the words in the same places from which one answer counts as made on the pattern of the other."""

LONGER = 2.5
"""How many times as long as the other an answer may be to be comparable with it."""


@define(slots=False)
class Comparison:
    """*one* and *other* answer *question*; all is read when it is asked for."""

    question: Statement
    one: Statement
    other: Statement

    @classmethod
    def of(cls, question: str, one: str, other: str) -> "Comparison":
        """Compare texts."""
        return cls(Statement(question), Statement(one), Statement(other))

    @property
    def same_words(self) -> bool:
        """Tell whether they are one text, but for case, markup, punctuation and white space."""
        same = self.one.spelling == self.other.spelling
        return same and self.one.text[READ:].split() == self.other.text[READ:].split()

    @property
    def decline(self) -> bool:
        """Tell whether either is no answer: what the other says then teaches nothing."""
        return declines(self.one) or declines(self.other)

    @property
    def are_labels(self) -> bool:
        """Tell whether either would answer many questions: agreeing in that teaches nothing."""
        return is_label(self.one) or is_label(self.other)

    @property
    def answers_against(self) -> bool:
        """Tell whether the one begins with yes and the other with no."""
        return self.one.claims.answers_against(self.other.claims)

    @property
    def are_english(self) -> bool:
        """Tell whether their words can be told apart by what they mean."""
        return self.one.is_english and self.other.is_english

    @property
    def are_comparable(self) -> bool:
        """Tell whether both are long enough, and near enough in length, to say the same at about the same length."""
        short, long = sorted(len(each.spelling) for each in (self.one, self.other))
        return short > TERSE and long <= LONGER * short

    @property
    def frame(self) -> float:
        """Give the share of the words with a meaning that the poorer one has in common with the other, 0 to 1."""
        poorer, richer = sorted(len(each.content) for each in (self.one, self.other))
        return len(self.one.content & self.other.content) / poorer if poorer and richer > 1 else 1.0

    @cached_property
    def accord(self) -> float:
        """Give the share of both answers' words that both have, 0 to 1; the question's own words tell nothing."""
        one, other = (each.content - self.question.content for each in (self.one, self.other))
        return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0

    @cached_property
    def alignment(self) -> Alignment:
        """Give both, word beside word."""
        return Alignment(self.one.said, self.other.said)

    @property
    def contradict(self) -> bool:
        """Tell whether, in so many words, they say different things of the same."""
        return self._share_frame and any(found(self.one, self.other) for found in differences.CONTRADICTIONS)

    @property
    def name_another(self) -> bool:
        """Tell whether they name different things in one frame; these may yet be two names of one."""
        named = differences.names_contradict(self.one, self.other)
        return named and self.are_english and self._share_frame

    @property
    def differ(self) -> bool:
        """Tell whether one has a detail that the other lacks, be it only a number or a negation."""
        foreign = not self.are_english and set(self.one.words) != set(self.other.words)
        if foreign or self._exchange_words or self._change_places:
            return True
        if any(found(self.one, self.other) for found in differences.DIFFERENCES):
            return True
        return any(found(self.question, self.one, self.other) for found in differences.DIFFERENCES_BEYOND)

    @property
    def _share_frame(self) -> bool:
        return self.one.is_brief and self.other.is_brief and self.frame >= FRAME

    @property
    def _exchange_words(self) -> bool:
        """Tell whether they have other words on the same pattern, of which each counts then, or an opposite on any."""
        exchanged = self.alignment.exchanged
        turned = any(opposed(gone, new) for gone, new in exchanged)
        return turned or bool(exchanged and self.alignment.parallel >= PARALLEL)

    @property
    def _change_places(self) -> bool:
        """Tell whether the same words come in another order; passive voice changes that and keeps the sense."""
        one, other = self.one, self.other
        active = ("by" in one.words) == ("by" in other.words)
        terse = one.is_terse and other.is_terse and self.accord >= REPEATED
        return active and terse and in_order(one.said, other.said) < IN_ORDER
