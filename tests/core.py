"""The whole core on parts in memory, ready to be asked."""

from attrs import define, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.vector_index.memory import MemoryVectorIndex
from application.answer_question import AnswerQuestion
from application.coalesce import Flights
from application.evict_answers import EvictAnswers
from application.forget_answers import ForgetAnswers, PurgeEpochs
from application.generate_answer import GenerateAnswer
from application.purge_answers import PurgeAnswers
from application.recall_answers import Recollection
from application.recall_by_meaning import Meanings
from application.route_models import Offer, Routes
from domain.caching import Lifetime
from domain.similarity import Embedder, VectorIndex
from domain.verdicts import ThresholdPolicy
from tests.doubles import RecordingEvents, ScriptedModel, StoppedClock


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
    semantic: bool = True
    patience: float = 1.0
    flights: Flights = field(factory=Flights)
    epochs: PurgeEpochs = field(factory=PurgeEpochs)

    @property
    def forget(self) -> ForgetAnswers:
        return ForgetAnswers(self.cache, self.index, self.events, self.patience)

    @property
    def purge(self) -> PurgeAnswers:
        return PurgeAnswers(self.cache, self.forget, self.epochs)

    @property
    def evict(self) -> EvictAnswers:
        return EvictAnswers(self.cache, self.forget, self.clock, self.limit)

    @property
    def recollection(self) -> Recollection:
        policy = ThresholdPolicy(self.threshold)
        meanings = Meanings(
            self.embedder, self.index, self.cache, policy, self.clock, self.events, patience=self.patience
        )
        return Recollection(
            self.cache,
            meanings if self.semantic else None,
            self.evict,
            self.epochs,
            self.lifetime,
            self.clock,
            self.events,
        )

    @property
    def routes(self) -> Routes:
        return Routes({"scripted": Offer(self.model, "scripted-1")}, "scripted")

    @property
    def answer(self) -> AnswerQuestion:
        generate = GenerateAnswer(self.routes, self.clock, self.events)
        return AnswerQuestion(self.recollection, self.flights, generate, self.clock, self.events)
