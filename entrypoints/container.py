"""The composition root: every port, and the adapters it may be. Beside how they are opened, nobody else knows them."""

# file over budget: wiring is a list, and a list is read best on one page

from contextlib import AsyncExitStack
from functools import partial
from math import inf
from random import Random

import structlog
from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Callable as Call
from dependency_injector.providers import Dependency, Dict, Object, Selector, Singleton
from dependency_injector.providers import List as Listing

from adapters.answer_cache.layered import LayeredAnswerCache
from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.answer_judge.local import LocalAnswerJudge
from adapters.calibration_store.memory import MemoryCalibrationStore
from adapters.calibration_store.sql import SqlCalibrationStore
from adapters.clock import SystemClock
from adapters.embedder.hashing import HashingEmbedder
from adapters.event_sink.fan_out import FanOut
from adapters.event_sink.log import LogEventSink
from adapters.event_sink.metrics import Instruments, MetricsEventSink
from adapters.event_sink.prometheus import PrometheusPage
from adapters.hit_sampler.random import RandomHitSampler
from adapters.key_ring.sql import SqlKeyRing
from adapters.language_model.deferred import DeferredLanguageModel
from adapters.ledger.sql import SqlLedger
from adapters.prior import read_prior
from adapters.purge_journal.memory import MemoryPurgeJournal
from adapters.purge_journal.sql import SqlPurgeJournal
from adapters.records import Records
from adapters.tariff.genai_prices import GenaiPricesTariff
from adapters.tariff.layered import LayeredTariff
from adapters.tariff.memory import MemoryTariff
from adapters.vector_index.memory import MemoryIndexShelf, MemoryVectorIndex
from application.accept_answers import AcceptAnswers
from application.admit_caller import AdmitCaller
from application.answer_afresh import AnswerAfresh
from application.answer_question import AnswerQuestion
from application.answer_questions import AnswerQuestions
from application.apologise import Apologising, ApologisingToMany, Apology
from application.bridge_indexes import BridgedIndex
from application.check_health import CheckHealth
from application.coalesce import Flights
from application.count_tokens import CountTokens
from application.embed_texts import EmbedTexts
from application.evaluate_pairs import EvaluatePairs
from application.evaluate_traffic import EvaluateTraffic
from application.evict_answers import EvictAnswers
from application.export_memory import ExportMemory, FiledMeanings
from application.file_answers import FileAnswers
from application.follow_purges import KnownPurges
from application.forget_answers import ForgetAnswers
from application.generate_answer import GenerateAnswer
from application.give_feedback import GiveFeedback
from application.heal_memory import HealMemory
from application.hide_purged import UnpurgedAnswers
from application.import_memory import ImportMemory
from application.inspect_answers import InspectAnswers
from application.judge_hits import JudgeHits
from application.judge_pairs import JudgePairs
from application.keep_accounts import Books, KeepAccounts
from application.keep_calibrations import Calibrations
from application.keep_verdicts import RecentVerdicts
from application.learn_from_answers import LearnFromAnswers
from application.manage_keys import ManageKeys
from application.migrate_index import MigrateIndex, Succession
from application.purge_answers import PurgeAnswers
from application.recall_answers import Recollection
from application.recall_by_meaning import Meanings
from application.rehearse_requests import KnownEmbeddings, Parts
from application.remember_answers import RememberAnswers
from application.report_quality import ReportQuality
from application.report_usage import ReportUsage
from application.route_models import Offer, Routes
from application.select_models import Cheapest, InOrder, InTurn, Quickest
from application.share_flights import Fleet
from application.tell_answers import TellAnswer
from application.work_aside import Aside
from domain.budgets import ErrorBudget
from domain.caching import Lifetime
from domain.candidates import FEATURES
from domain.verdicts import ThresholdPolicy, VerifiedPolicy
from entrypoints.opening import (
    connect,
    connect_redis,
    kept_open,
    open_onnx,
    open_redis,
    open_sqlite,
    read_documentation,
    share_flights,
    share_purges,
    take_answers,
)
from entrypoints.opening_indexes import (
    connect_qdrant,
    open_edge,
    open_edge_shelf,
    open_former_edge,
    open_former_qdrant,
    open_qdrant,
    open_qdrant_shelf,
)
from entrypoints.opening_models import Guarding, connected, hearsay, judge_by_model, offered, set_prices
from entrypoints.settings import Settings

MEGABYTE = 1_000_000

AS_MANY_AS_IT_TAKES = 1_000_000_000
"""Checks a minute in a rehearsal, in which a minute is no measure."""

LINGER, LINGER_FOR_A_DISK = 0.05, 1.0
"""Seconds that a question waits for what is filed in an index, on a server and on a disk, where an engine may start."""

MOST_FILINGS, FILED_WITHIN = 1_024, 30.0
"""Changes of an index that are under way at once, and the seconds that each may take; healing does what was left."""

TRUST = 0.8
"""Seconds for which a worker serves its own copy of an answer that others may have changed: with its reading, one."""

SEED = 7

log = structlog.get_logger()


def rehearsing(settings: Settings, parts: Parts) -> AnswerQuestion:
    """Wire what serves on *parts*, with an empty memory of its own; checks are drawn alike every time."""
    changed = settings.model_copy(update={"semantic": settings.semantic.model_copy(update={"enabled": True})})
    container, memory = Container(settings=changed), MemoryAnswerCache()
    share = settings.semantic.checked_share
    stand_ins = {
        "events": parts.events,
        "embedder": parts.embedder,
        "hit_policy": parts.policy,
        "answer_judge": parts.answer_judge,
        "aside": parts.aside,
        "hit_sampler": RandomHitSampler(share, AS_MANY_AS_IT_TAKES, Random(SEED)),  # noqa: S311 - no secret
        "routes": Routes({each: Offer(parts.model, each) for each in parts.providers}, ""),
        "answer_cache": memory,
        "stored_answers": memory,
        "purge_journal": MemoryPurgeJournal(),
        "vector_index": MemoryVectorIndex(),
        "calibration_store": MemoryCalibrationStore(),
    }
    for name, part in stand_ins.items():
        container.providers[name].override(Object(part))
    return container.answer_question()


class Container(DeclarativeContainer):  # over budget: one list of all there is, read from top to bottom
    """
    Read it from top to bottom: what there is, what it is made of, what it is chosen by.

    Adapters that are not chosen are never built. What must be closed is closed when ``open_things`` is left,
    the last first.
    """

    settings = Dependency(instance_of=Settings)
    chosen = settings.provided
    open_things: Singleton[AsyncExitStack[bool | None]] = Singleton(AsyncExitStack)
    clock = Singleton(SystemClock)

    # What happened
    metrics = Singleton(PrometheusPage)
    books = Singleton(Books, clock)
    events = Singleton(
        FanOut,
        Listing(
            Singleton(LogEventSink, log, chosen.log.questions),
            Singleton(MetricsEventSink, Singleton(Instruments, metrics.provided.meter), metrics.provided.answers),
            books,
        ),
    )

    # Who calls
    records = Singleton(kept_open, open_things, Singleton(Records, chosen.records_url))
    key_ring = Singleton(SqlKeyRing, records)
    admit_caller = Singleton(AdmitCaller, key_ring, clock, chosen.open_without_keys)
    manage_keys = Singleton(ManageKeys, key_ring, clock)

    # What it came to
    ledger = Singleton(SqlLedger, records)
    keep_accounts = Singleton(KeepAccounts, books, ledger, events)
    report_usage = Singleton(ReportUsage, ledger)

    # What was purged
    recent_verdicts = Singleton(RecentVerdicts, chosen.semantic.error_budget)
    redis = Singleton(kept_open, open_things, Singleton(connect_redis, settings))
    purge_journal = Selector(
        chosen.answer_cache.kind,
        sqlite=Singleton(SqlPurgeJournal, records),
        memory=Singleton(MemoryPurgeJournal),
        redis=Singleton(share_purges, redis),
    )
    known_purges = Singleton(KnownPurges, purge_journal, recent_verdicts, events)

    # What is remembered
    # Taken before they are opened, and let go of after they are closed: so the folder comes by way of the lock.
    taken_answers = Singleton(kept_open, open_things, Singleton(take_answers, chosen.data_folder))
    stored_answers = Selector(
        chosen.answer_cache.kind,
        sqlite=Singleton(kept_open, open_things, Singleton(open_sqlite, taken_answers.provided.file.parent)),
        memory=Singleton(MemoryAnswerCache),
        redis=Singleton(kept_open, open_things, Singleton(open_redis, redis)),
    )
    hot_bytes = Call(lambda megabytes: megabytes * MEGABYTE, chosen.answer_cache.hot_mb)
    hot_seconds = Call({"redis": TRUST}.get, chosen.answer_cache.kind, inf)
    hot_answers = Singleton(MemoryAnswerCache, hot_bytes, hot_seconds)
    layered_answers = Singleton(LayeredAnswerCache, hot_answers, stored_answers)
    answer_cache = Singleton(UnpurgedAnswers, layered_answers, known_purges)
    embedder = Selector(
        chosen.embedder.kind,
        onnx=Singleton(kept_open, open_things, Singleton(open_onnx, settings)),
        hashing=Singleton(HashingEmbedder),
    )
    qdrant = Singleton(kept_open, open_things, Singleton(connect_qdrant, settings))
    vector_index = Selector(
        chosen.vector_index.kind,
        edge=Singleton(kept_open, open_things, Singleton(open_edge, chosen.data_folder, embedder)),
        memory=Singleton(MemoryVectorIndex),
        qdrant=Singleton(kept_open, open_things, Singleton(open_qdrant, settings, qdrant, embedder)),
    )

    # One index for each embedder; while another is still in use, both are read
    index_shelf = Selector(
        chosen.vector_index.kind,
        edge=Singleton(open_edge_shelf, chosen.data_folder, embedder),
        memory=Singleton(MemoryIndexShelf, embedder.provided.version),
        qdrant=Singleton(open_qdrant_shelf, settings, qdrant),
    )
    succession = Singleton(Succession, index_shelf, embedder.provided.version)
    open_former = Selector(
        chosen.vector_index.kind,
        edge=Call(partial, open_former_edge, settings),
        memory=Object(None),
        qdrant=Call(partial, open_former_qdrant, settings, qdrant),
    )
    file_answers = Singleton(FileAnswers, embedder, vector_index)
    bridged_index = Singleton(BridgedIndex, vector_index, vector_index, file_answers, answer_cache, events)

    # How a semantic hit is decided
    prior = Singleton(read_prior, Object(FEATURES))
    calibration_store = Singleton(SqlCalibrationStore, records)
    calibrations = Singleton(Calibrations, calibration_store, prior, clock, events)
    error_budget = Singleton(ErrorBudget, chosen.semantic.error_budget)
    hit_policy = Selector(
        chosen.semantic.policy,
        verified=Singleton(VerifiedPolicy, error_budget),
        threshold=Singleton(ThresholdPolicy, chosen.semantic.threshold),
    )
    judge_hits = Singleton(JudgeHits, hit_policy, calibrations, error_budget, clock, events, recent_verdicts)
    filings = Singleton(Aside, events, MOST_FILINGS, FILED_WITHIN)
    linger = Call({"qdrant": LINGER}.get, chosen.vector_index.kind, LINGER_FOR_A_DISK)
    meanings = Selector(
        Call({True: "on", False: "off"}.get, chosen.semantic.enabled),
        on=Singleton(
            Meanings,
            embedder,
            bridged_index,
            answer_cache,
            judge_hits,
            clock,
            filings,
            events,
            chosen.semantic.neighbours,
            linger=linger,
        ),
        off=Object(None),
    )

    # How memory is kept
    forget_answers = Singleton(ForgetAnswers, answer_cache, bridged_index, filings, events, linger)
    purge_answers = Singleton(PurgeAnswers, stored_answers, forget_answers, known_purges, clock, events)
    size_limit = Call(lambda megabytes: megabytes * MEGABYTE, chosen.answer_cache.size_mb)
    evict_answers = Singleton(EvictAnswers, stored_answers, forget_answers, clock, size_limit)
    heal_memory = Singleton(HealMemory, stored_answers, stored_answers, vector_index, file_answers, forget_answers)
    migrate_index = Singleton(MigrateIndex, heal_memory, stored_answers, succession)
    unpurged_answers = Singleton(UnpurgedAnswers, stored_answers, known_purges)
    inspect_answers = Singleton(InspectAnswers, unpurged_answers, stored_answers)
    judge_pairs = Singleton(JudgePairs, embedder, hit_policy, prior)

    # How memory is moved
    filing = Selector(Call({True: "on", False: "off"}.get, chosen.semantic.enabled), on=file_answers, off=Object(None))
    filed_meanings = Selector(
        Call({True: "on", False: "off"}.get, chosen.semantic.enabled),
        on=Singleton(FiledMeanings, vector_index, embedder),
        off=Object(None),
    )
    export_memory = Singleton(
        ExportMemory,
        Singleton(UnpurgedAnswers, stored_answers, known_purges),  # the layer in front does not count hits
        stored_answers,
        filed_meanings,
        known_purges,
    )
    import_memory = Singleton(ImportMemory, answer_cache, filing, filed_meanings, evict_answers, known_purges, clock)

    # Who answers what memory cannot
    openai = Singleton(
        kept_open, open_things, Singleton(DeferredLanguageModel, Call(partial, connect, settings, "openai"))
    )
    anthropic = Singleton(
        kept_open, open_things, Singleton(DeferredLanguageModel, Call(partial, connect, settings, "anthropic"))
    )
    extractive = Singleton(read_documentation)
    tariff = Singleton(
        LayeredTariff,
        Listing(
            Singleton(MemoryTariff, Call(set_prices, chosen.prices)),
            Singleton(GenaiPricesTariff, chosen.provider_addresses, clock),
        ),
    )
    own_models = Dict(openai=openai.provider, anthropic=anthropic.provider, extractive=extractive.provider)
    language_models = Singleton(connected, settings, own_models, open_things)
    guarding = Singleton(Guarding, chosen.language_model, tariff, clock, events)
    selection = Selector(
        chosen.language_model.selection,
        preferred=Singleton(InOrder),
        round_robin=Singleton(InTurn),
        quickest=Singleton(Quickest, clock),
        cheapest=Singleton(Cheapest, tariff),
    )
    routes = Singleton(
        Routes,
        Call(offered, settings, language_models, guarding),
        chosen.default_provider,
        selection,
        chosen.language_model.fallback,
        events,
    )
    generate_answer = Singleton(GenerateAnswer, routes, clock, events)

    # What is done
    fleet = Selector(
        chosen.answer_cache.kind,
        sqlite=Object(None),
        memory=Object(None),
        redis=Singleton(Fleet, Singleton(share_flights, redis), events),
    )
    flights = Singleton(Flights, fleet, chosen.language_model.finish_unheard)
    lifetime = Singleton(
        Lifetime, chosen.answer_cache.ttl, chosen.answer_cache.grace, chosen.answer_cache.stale_if_error
    )
    recollection = Singleton(Recollection, answer_cache, meanings, judge_hits, known_purges, clock, events)
    remember_answers = Singleton(
        RememberAnswers, answer_cache, meanings, evict_answers, known_purges, lifetime, clock, events
    )
    accept_answers = Singleton(
        AcceptAnswers, answer_cache, filing, evict_answers, known_purges, lifetime, clock, events
    )
    answer_judge = Selector(
        chosen.semantic.answer_judge,
        local=Singleton(LocalAnswerJudge, embedder),
        model=Singleton(judge_by_model, routes, clock, events),
    )
    hit_sampler = Singleton(RandomHitSampler, chosen.semantic.checked_share, chosen.semantic.checks_per_minute)
    aside = Singleton(Aside, events)
    learn_from_answers = Selector(
        Call({True: "on", False: "off"}.get, chosen.semantic.learn),
        on=Singleton(
            LearnFromAnswers,
            judge_hits,
            answer_judge,
            hit_sampler,
            remember_answers,
            generate_answer,
            aside,
            clock,
            Call(hearsay, settings),
        ),
        off=Object(None),
    )
    answer_afresh = Singleton(
        AnswerAfresh, recollection, flights, generate_answer, remember_answers, learn_from_answers, clock
    )
    answer_question = Singleton(AnswerQuestion, recollection, answer_afresh, learn_from_answers, events)
    errands = Singleton(Flights)
    answer_questions = Singleton(
        AnswerQuestions, answer_question, answer_afresh, chosen.language_model.batch_concurrency, errands
    )
    apologises = Call(lambda text: "yes" if text else "no", chosen.language_model.apology)
    apology = Singleton(Apology, chosen.language_model.apology)
    respond = Selector(apologises, yes=Singleton(Apologising, answer_question, apology), no=answer_question)
    tell_answer = Singleton(
        TellAnswer, answer_question, answer_afresh, Selector(apologises, yes=apology, no=Object(None))
    )
    respond_to_many = Selector(
        apologises, yes=Singleton(ApologisingToMany, answer_questions, apology), no=answer_questions
    )
    give_feedback = Singleton(GiveFeedback, inspect_answers, meanings, judge_hits, purge_answers, events)
    report_quality = Singleton(ReportQuality, judge_hits)
    count_tokens = Singleton(CountTokens, routes)
    embed_texts = Singleton(EmbedTexts, embedder)
    check_health = Singleton(
        CheckHealth,
        Dict(
            key_ring=key_ring,
            answer_cache=stored_answers,
            vector_index=vector_index,
            embedder=embedder,
            calibration_store=calibration_store,
            purge_journal=purge_journal,
            ledger=ledger,
        ),
        clock,
    )

    # How all this would have done
    evaluate_pairs = Singleton(
        EvaluatePairs, Singleton(JudgePairs, Singleton(KnownEmbeddings, embedder), hit_policy, prior)
    )
    evaluate_traffic = Singleton(
        EvaluateTraffic, embedder, answer_judge, hit_policy, error_budget, Call(partial, rehearsing, settings), clock
    )
