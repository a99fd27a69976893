"""The whole core on parts in memory, ready to be asked."""

from attrs import define, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.calibration_store.memory import MemoryCalibrationStore
from adapters.embedder.hashing import HashingEmbedder
from adapters.purge_journal.memory import MemoryPurgeJournal
from adapters.vector_index.memory import MemoryVectorIndex
from application.accept_answers import AcceptAnswers
from application.answer_afresh import AnswerAfresh
from application.answer_question import AnswerQuestion
from application.answer_questions import AnswerQuestions
from application.coalesce import Flights
from application.evict_answers import EvictAnswers
from application.export_memory import ExportMemory, FiledMeanings
from application.file_answers import FileAnswers
from application.follow_purges import KnownPurges
from application.forget_answers import ForgetAnswers
from application.generate_answer import GenerateAnswer
from application.give_feedback import GiveFeedback
from application.hide_purged import UnpurgedAnswers
from application.import_memory import ImportMemory
from application.inspect_answers import InspectAnswers
from application.judge_hits import JudgeHits
from application.keep_calibrations import Calibrations
from application.keep_verdicts import RecentVerdicts
from application.learn_from_answers import LearnFromAnswers
from application.purge_answers import PurgeAnswers
from application.recall_answers import Recollection
from application.recall_by_meaning import Meanings
from application.remember_answers import RememberAnswers
from application.report_quality import ReportQuality
from application.route_models import Offer, Routes
from application.work_aside import Aside
from domain.budgets import ErrorBudget
from domain.caching import Lifetime
from domain.similarity import Embedder, VectorIndex
from domain.verdicts import HitPolicy, ThresholdPolicy
from tests.builders import a_prior
from tests.doubles import EveryHit, LiteralJudge, RecordingEvents, ScriptedModel, StoppedClock


@define
class Core:
    """The whole core on parts in memory, ready to be asked."""

    model: ScriptedModel = field(factory=ScriptedModel)
    cache: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    index: VectorIndex = field(factory=MemoryVectorIndex)
    embedder: Embedder = field(factory=HashingEmbedder)
    clock: StoppedClock = field(factory=StoppedClock)
    events: RecordingEvents = field(factory=RecordingEvents)
    lifetime: Lifetime = field(factory=lambda: Lifetime(ttl=100, grace=20, stale_if_error=50))
    limit: int = 1_000_000
    threshold: float = 0.8
    policy: HitPolicy | None = None
    semantic: bool = True
    learns: bool = True
    patience: float = 1.0
    flights: Flights = field(factory=Flights)
    at_once: int = 8
    errands: Flights = field(factory=Flights)
    journal: MemoryPurgeJournal = field(factory=MemoryPurgeJournal)
    answer_judge: LiteralJudge = field(factory=LiteralJudge)
    sampler: EveryHit = field(factory=lambda: EveryHit(choose=False))
    hearsay: frozenset[str] = frozenset()
    store: MemoryCalibrationStore = field(factory=MemoryCalibrationStore)
    calibrations: Calibrations = field()
    aside: Aside = field()
    judge: JudgeHits = field()
    purges: KnownPurges = field()

    @calibrations.default
    def _calibrations(self) -> Calibrations:
        return Calibrations(self.store, a_prior(one=6.0), self.clock, self.events)

    @property
    def filings(self) -> Aside:
        return Aside(self.events, within=self.patience)

    @aside.default
    def _aside(self) -> Aside:
        return Aside(self.events)

    @judge.default
    def _judge(self) -> JudgeHits:
        policy = self.policy or ThresholdPolicy(self.threshold)
        recent = RecentVerdicts(ErrorBudget().share)
        return JudgeHits(policy, self.calibrations, ErrorBudget(), self.clock, self.events, recent)

    @purges.default
    def _purges(self) -> KnownPurges:
        return KnownPurges(self.journal, self.judge.recent, self.events)

    @property
    def forget(self) -> ForgetAnswers:
        return ForgetAnswers(self.cache, self.index, self.filings, self.events)

    @property
    def purge(self) -> PurgeAnswers:
        return PurgeAnswers(self.cache, self.forget, self.purges, self.clock, self.events)

    @property
    def feedback(self) -> GiveFeedback:
        inspect = InspectAnswers(self.cache, self.cache)
        return GiveFeedback(inspect, self.meanings if self.semantic else None, self.judge, self.purge, self.events)

    @property
    def report(self) -> ReportQuality:
        return ReportQuality(self.judge)

    @property
    def evict(self) -> EvictAnswers:
        return EvictAnswers(self.cache, self.forget, self.clock, self.limit)

    @property
    def meanings(self) -> Meanings:
        return Meanings(
            self.embedder,
            self.index,
            self.cache,
            self.judge,
            self.clock,
            self.filings,
            self.events,
            patience=self.patience,
        )

    @property
    def learn(self) -> LearnFromAnswers:
        return LearnFromAnswers(
            self.judge,
            self.answer_judge,
            self.sampler,
            self.remember,
            self.generate,
            self.aside,
            self.clock,
            self.hearsay,
        )

    @property
    def recollection(self) -> Recollection:
        return Recollection(
            self.cache,
            self.meanings if self.semantic else None,
            self.judge,
            self.purges,
            self.clock,
            self.events,
        )

    @property
    def remember(self) -> RememberAnswers:
        meanings = self.meanings if self.semantic else None
        return RememberAnswers(self.cache, meanings, self.evict, self.purges, self.lifetime, self.clock, self.events)

    @property
    def filing(self) -> FileAnswers:
        return FileAnswers(self.embedder, self.index)

    @property
    def accept(self) -> AcceptAnswers:
        filing = self.filing if self.semantic else None
        return AcceptAnswers(self.cache, filing, self.evict, self.purges, self.lifetime, self.clock, self.events)

    @property
    def filed(self) -> FiledMeanings | None:
        return FiledMeanings(self.index, self.embedder) if self.semantic else None

    @property
    def export(self) -> ExportMemory:
        return ExportMemory(UnpurgedAnswers(self.cache, self.purges), self.cache, self.filed, self.purges)

    @property
    def importing(self) -> ImportMemory:
        filing = self.filing if self.semantic else None
        return ImportMemory(self.cache, filing, self.filed, self.evict, self.purges, self.clock)

    @property
    def routes(self) -> Routes:
        return Routes({"scripted": Offer(self.model, "scripted-1")}, "scripted")

    @property
    def generate(self) -> GenerateAnswer:
        return GenerateAnswer(self.routes, self.clock, self.events)

    @property
    def answer(self) -> AnswerQuestion:
        return AnswerQuestion(self.recollection, self.afresh, self.learn if self.learns else None, self.events)

    @property
    def afresh(self) -> AnswerAfresh:
        return AnswerAfresh(
            self.recollection,
            self.flights,
            self.generate,
            self.remember,
            self.learn if self.learns else None,
            self.clock,
        )

    @property
    def answer_many(self) -> AnswerQuestions:
        return AnswerQuestions(self.answer, self.afresh, self.at_once, self.errands)
