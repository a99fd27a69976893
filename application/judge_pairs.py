"""What would be decided about pairs of questions by one who knows nothing of the traffic? Nothing is stored."""

from collections.abc import Sequence

from attrs import frozen

from domain.answers import Reason
from domain.calibration import Calibration, Prior
from domain.candidates import Candidate
from domain.questions import normalise
from domain.similarity import Embedder
from domain.verdicts import HitPolicy, Verdict


@frozen
class Pair:
    """A question that is taken to be remembered, and one that is taken to be asked."""

    stored: str
    asked: str


@frozen
class JudgePairs:
    """Gives the verdicts of the policy that serves, as a new tenant would get them."""

    embedder: Embedder
    policy: HitPolicy
    prior: Prior

    async def __call__(self, pairs: Sequence[Pair]) -> Sequence[Verdict]:
        """Judge each pair as if nothing else were remembered; raises ``EmbedderUnavailable``."""
        embeddings = await self.embedder.embed(
            [normalise(text) for pair in pairs for text in (pair.stored, pair.asked)]
        )
        similarities = [one.similarity(other) for one, other in zip(embeddings[::2], embeddings[1::2], strict=True)]
        return [self._judge(pair, similarity) for pair, similarity in zip(pairs, similarities, strict=True)]

    def _judge(self, pair: Pair, similarity: float) -> Verdict:
        if normalise(pair.stored) == normalise(pair.asked):
            return Verdict(hit=True, reason=Reason.SAME_QUESTION, probability=1.0, similarity=1.0)
        return self.policy.judge(pair.asked, (Candidate(pair.stored, similarity),), Calibration.fresh(self.prior))
