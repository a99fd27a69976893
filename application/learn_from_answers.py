"""Learn whether remembered answers fit: from every miss, for nothing, and from a sample of the hits."""

from functools import partial

from attrs import frozen

from application.generate_answer import GenerateAnswer
from application.judge_hits import JudgeHits, traffic_of
from application.recall_answers import Recall
from application.recall_by_meaning import Suspicion
from application.remember_answers import RememberAnswers
from application.work_aside import Aside
from domain.agreement import AnswerJudge, HitSampler, same_words
from domain.answers import Asking
from domain.caching import Freshness
from domain.clock import Clock
from domain.generation import Completion
from domain.labels import Label, Source


@frozen
class _Occasion:
    """An asking, what memory had to say to it, and what is to be found out."""

    asking: Asking
    recall: Recall
    suspicion: Suspicion


@frozen
class LearnFromAnswers:
    """
    Compares fresh answers with remembered ones, when nobody waits.

    A miss has a fresh answer anyway, and mostly a candidate that was near. Of the hits, *sampler* chooses some for
    which the model is asked all the same, after the answer was sent. Answers of *hearsay* teach nothing: these
    providers give many questions one answer, whether it fits or not.
    """

    judge: JudgeHits
    answers: AnswerJudge
    sampler: HitSampler
    remember: RememberAnswers
    generate: GenerateAnswer
    aside: Aside
    clock: Clock
    hearsay: frozenset[str] = frozenset()

    def from_miss(self, asking: Asking, recall: Recall, completion: Completion) -> None:
        """Learn from an answer that was just given whether the nearest remembered one would have fitted."""
        suspicion = recall.likeness.suspicion if recall.likeness else None
        if suspicion and self._is_fresh(suspicion) and completion.provider not in self.hearsay:
            occasion = _Occasion(asking, recall, suspicion)
            self.aside.start("answer_judge", partial(self._learn, occasion, completion, Source.MISS))

    def from_hit(self, asking: Asking, recall: Recall) -> None:
        """Check, if this hit is one of the sample, whether a model would have answered likewise."""
        allowed = asking.directives.may_refresh and asking.question.provider not in self.hearsay
        suspicion = recall.likeness.suspicion if recall.likeness else None
        if suspicion and allowed and self.sampler.chosen():
            self.aside.start("check", partial(self._check, _Occasion(asking, recall, suspicion)))

    async def _check(self, occasion: _Occasion) -> None:
        completion = await self.generate(occasion.asking.question)
        # It is paid for, so it is kept: whoever asks in these words again gets what was meant for them.
        await self.remember(occasion.asking, completion, occasion.recall)
        await self._learn(occasion, completion, Source.CHECK)

    async def _learn(self, occasion: _Occasion, completion: Completion, source: Source) -> None:
        question, suspicion = occasion.asking.question, occasion.suspicion
        remembered = suspicion.stored.completion.text
        told = question.text, remembered, completion.text
        agree = await self.answers.agree(*told, question.tenant) if completion.is_whole else None
        if agree is not None:
            await self.judge.learn(traffic_of(question), Label(source, suspicion.features, agree))
        if agree and not same_words(remembered, completion.text):
            cluster = suspicion.stored.shared_answer
            await self.remember.join(occasion.asking, occasion.recall, completion, cluster)

    def _is_fresh(self, suspicion: Suspicion) -> bool:
        """Tell whether an answer that differs differs in meaning: one that has expired may only be out of date."""
        return suspicion.stored.freshness(self.clock.now()) is Freshness.FRESH
