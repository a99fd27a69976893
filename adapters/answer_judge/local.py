"""Judges answers by their wording and their embeddings, and doubts wherever these do not settle it."""

from attrs import field, frozen

from adapters.answer_judge.comparison import Comparison
from adapters.answer_judge.recent import RecentEmbeddings
from adapters.answer_judge.statement import Statement
from adapters.translation import translating
from domain.agreement import AnswerJudge, AnswerJudgeUnavailable
from domain.similarity import Embedder, EmbedderUnavailable

BEGINNING = 600
"""Characters of an answer that are embedded: some 130 tokens, about half of what the embedder reads."""

WORDS = 0.25
"""What sharing all words adds to the cosine; likeness goes from -1 to 1.25."""

SHARED = 0.4
"""Share of the words in common, beyond the question's, without which nobody agrees."""

RENAMED = 0.92
"""Cosine above which another name in the same sentence may be another name of the same."""

UNRELATED, UNSHARED = 0.5, 0.3
"""Cosine, and share of the shorter one's words in common, up to which answers of any length say different things."""


@frozen
class LocalAnswerJudge(AnswerJudge):
    """
    Needs no model but the embedder, and embeds only where the wording leaves the verdict open.

    Likeness is the cosine and something for the words in common. Answers agree from *near* on if they differ in no
    detail; long ones disagree up to *far*. The bars fit all-MiniLM-L6-v2, which reads English: of other languages
    only answers in the same words agree.
    """

    embedder: Embedder
    near: float = 1.0
    far: float = 0.8
    _embeddings: RecentEmbeddings = field(init=False, repr=False)

    @_embeddings.default
    def _none_yet(self) -> RecentEmbeddings:
        return RecentEmbeddings(self.embedder)

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        """Raise ``AnswerJudgeUnavailable`` only if embeddings are needed and there are none."""
        pair = Comparison.of(question, one, other)
        if pair.decline:
            return None
        if pair.answers_against or pair.contradict:
            return False
        if pair.are_labels:
            return None
        return pair.same_words or await self._by_meaning(pair)

    async def _by_meaning(self, pair: Comparison) -> bool | None:
        may_agree = pair.accord >= SHARED and not pair.differ
        if not (may_agree or pair.are_english):
            return None
        cosine = await self._cosine(pair)
        if may_agree and cosine + WORDS * pair.accord >= self.near:
            return True
        return False if pair.are_english and self._differ(pair, cosine) else None

    def _differ(self, pair: Comparison, cosine: float) -> bool:
        if pair.name_another:
            return cosine <= RENAMED
        if pair.are_comparable:
            return cosine + WORDS * pair.accord <= self.far
        return cosine <= UNRELATED and pair.frame <= UNSHARED

    async def _cosine(self, pair: Comparison) -> float:
        with translating({EmbedderUnavailable: AnswerJudgeUnavailable}):
            one, other = await self._embeddings.of([_beginning(pair.one), _beginning(pair.other)])
        return one.similarity(other)


def _beginning(statement: Statement) -> str:
    return statement.plain[:BEGINNING]
