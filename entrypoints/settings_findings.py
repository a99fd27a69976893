"""What the settings alone tell: where they come from, and which choices do not go together."""

import os
from collections.abc import Iterator
from pathlib import Path

from domain.examination import Finding, Judgement
from entrypoints.settings import EXTRACTIVE, Settings
from entrypoints.settings_providers import Provider
from entrypoints.settings_sources import read_sources

ALONE = ("edge", "memory")
"""Indexes that no other process sees."""

EACH_FOR_ITSELF = (
    "for several workers set RAGBOOST_VECTOR_INDEX_KIND=qdrant: else each embeds all answers for itself, and finds "
    "those of others by meaning only after ten minutes"
)
EACH_AGAINST_ALL = (
    "for several workers set RAGBOOST_ANSWER_CACHE_KIND=redis: else each removes from Qdrant what belongs to the "
    "answers of the others"
)


def findings_of(settings: Settings) -> Iterator[Finding]:
    """Look at *settings*, which have been read just now, and are allowed one by one."""
    yield _sources()
    yield _wiring(settings)
    if settings.answer_cache.kind == "redis":
        yield _records(settings)
    yield _provider(settings)


def _sources() -> Finding:
    layers = read_sources(os.environ, Path())
    given = [f"{len(layer.values)} from {layer.origin}" for layer in layers if layer.values]
    return Finding("settings", "sources", ", ".join([*given, "the others by default" if given else "all by default"]))


def _wiring(settings: Settings) -> Finding:
    answers, index = settings.answer_cache.kind, settings.vector_index.kind
    found = f"answers in {answers}, index {index if settings.semantic.enabled else 'not used'}"
    if settings.semantic.enabled and answers == "redis" and index in ALONE:
        return _advice("wiring", found, EACH_FOR_ITSELF)
    if index == "qdrant" and answers != "redis":
        return _advice("wiring", found, EACH_AGAINST_ALL)
    if answers == "memory":
        return _advice("wiring", found, "set RAGBOOST_ANSWER_CACHE_KIND=sqlite, or redis: memory ends with the process")
    return Finding("settings", "wiring", found)


def _records(settings: Settings) -> Finding:
    file = settings.records_url.partition(":///")[2]
    one = "all workers of a machine need this one file, each machine its own"
    found = f"keys, books and what was learnt are in {file}: {one}"
    return Finding("settings", "shared records", found)


def _provider(settings: Settings) -> Finding:
    providers = settings.named_providers
    if not providers or settings.default_provider == EXTRACTIVE:
        found = "none: what memory cannot answer is quoted from RAGBoost's documentation"
        return _advice("provider", found, "set OPENAI_API_KEY or ANTHROPIC_API_KEY (or a base URL)")
    first = settings.default_provider
    ranked = sorted(providers, key=lambda name: name != first)
    return Finding("settings", "provider", "; ".join(_told(name, providers[name]) for name in ranked))


def _told(name: str, provider: Provider) -> str:
    where = f" at {provider.base_url}" if provider.base_url else ""
    return f"{name}{where}, model {provider.model}, {'with a key' if provider.api_key else 'without a key'}"


def _advice(subject: str, found: str, remedy: str) -> Finding:
    return Finding("settings", subject, found, Judgement.ADVICE, remedy)
