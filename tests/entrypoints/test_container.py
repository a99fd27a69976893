"""Every port can be built with every adapter that may be chosen for it: mypy does not see through the container."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from dependency_injector.providers import Selector
from structlog.testing import capture_logs

from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.prepared_model import PreparedModel
from application.route_models import Route
from application.select_models import Selection
from domain.agreement import AnswerJudge
from domain.caching import AnswerCache, AnswerCacheUnavailable
from domain.candidates import FEATURES
from domain.catalogue import AnswerCatalogue
from domain.events import EventSink
from domain.generation import LanguageModel
from domain.pricing import FREE, Price, Rate
from domain.purging import PurgeJournal
from domain.similarity import Embedder, VectorIndex, VectorIndexUnavailable
from domain.succession import IndexShelf
from domain.tenancy import KeyRing
from domain.verdicts import HitPolicy
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.qdrant_server import ScriptedQdrant

ROOT = Path(__file__).parents[2]
CHOICES = {
    "stored_answers": ("answer_cache", "kind", (AnswerCache, AnswerCatalogue)),
    "purge_journal": ("answer_cache", "kind", (PurgeJournal,)),
    "embedder": ("embedder", "kind", (Embedder,)),
    "vector_index": ("vector_index", "kind", (VectorIndex,)),
    "index_shelf": ("vector_index", "kind", (IndexShelf,)),
    "hit_policy": ("semantic", "policy", (HitPolicy,)),
    "answer_judge": ("semantic", "answer_judge", (AnswerJudge,)),
    "selection": ("language_model", "selection", (Selection,)),
}
"""Each part that can be chosen: the section and the setting it is chosen by, and the ports it must serve."""

Build = Callable[..., Container]


def kinds(section: str, setting: str) -> tuple[str, ...]:
    options: tuple[str, ...] = get_args(
        Settings.model_fields[section].default.__class__.model_fields[setting].annotation
    )
    return options


def serves(adapter: object, port: type) -> bool:
    """Tell whether *adapter* inherits the port, as all of ours do."""
    return port in type(adapter).__mro__


KINDS = [(part, kind) for part, (section, setting, _) in CHOICES.items() for kind in kinds(section, setting)]


NEEDED = {
    "qdrant": {"qdrant": {"url": "http://127.0.0.1:9"}},
    "redis": {"redis": {"url": "redis://127.0.0.1:9"}},
}
"""What a kind cannot be built without."""


@pytest.fixture
async def build(tmp_path: Path, prepared_model: PreparedModel) -> AsyncIterator[Build]:
    """Make containers, and close in the end what they opened."""
    containers = []

    def build(**settings: Any) -> Container:
        chosen = {"data_folder": tmp_path, "models_folder": prepared_model.folder.parent, **settings}
        containers.append(Container(settings=Settings.model_validate(chosen)))
        return containers[-1]

    yield build
    for each in containers:
        await each.open_things().aclose()


@pytest.mark.parametrize(("part", "kind"), KINDS)
async def test_every_kind_of_every_part_can_be_built(build: Build, part: str, kind: str) -> None:
    section, setting, ports = CHOICES[part]
    container = build(**{section: {setting: kind}}, **NEEDED.get(kind, {}))
    built = getattr(container, part)()
    assert all(serves(built, port) for port in ports)
    assert getattr(container, part)() is built


async def test_whatever_is_chosen_can_be_pinged(build: Build) -> None:
    for section, kind in (("answer_cache", "sqlite"), ("embedder", "onnx"), ("vector_index", "edge")):
        memory = {"answer_cache": "memory", "embedder": "hashing", "vector_index": "memory", section: kind}
        container = build(**{name: {"kind": each} for name, each in memory.items()})
        async with container.open_things():
            await container.records().open()
            health = await container.check_health()()
        assert [each.part for each in health] == [
            "key_ring",
            "answer_cache",
            "vector_index",
            "embedder",
            "calibration_store",
            "purge_journal",
            "ledger",
        ]
        assert all(each.is_alive for each in health)


async def test_a_price_that_was_set_goes_before_what_is_listed(build: Build) -> None:
    agreed = {"openai/gpt-4o": {"input": 1, "output": 1}}
    tariff = build(openai={"api_key": "sk-x"}, prices=agreed).tariff()
    await tariff.open()
    assert tariff.price("openai", "gpt-4o") == Price(Rate(Decimal(1)), Rate(Decimal(1)))
    assert tariff.price("openai", "gpt-4o-mini")
    assert tariff.price("extractive", "docs") == FREE


async def test_an_index_on_a_server_is_that_of_the_embedder(build: Build, qdrant_server: ScriptedQdrant) -> None:
    container = build(
        vector_index={"kind": "qdrant"},
        embedder={"kind": "hashing"},
        qdrant={"url": qdrant_server.url, "collection": "ours", "timeout": 5, "api_key": "a-key"},
    )
    async with container.open_things():
        await container.vector_index().ping()
    assert "PUT /collections/ours-hashing-1-256" in qdrant_server.asked


async def test_an_index_on_a_server_needs_its_address(build: Build) -> None:
    with pytest.raises(VectorIndexUnavailable, match="set QDRANT_URL"):
        build(vector_index={"kind": "qdrant"}, embedder={"kind": "hashing"}).vector_index()


def test_the_client_of_a_server_is_imported_by_those_who_use_it() -> None:
    script = "import sys, entrypoints.cli.serve, entrypoints.http.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    assert {"qdrant_client", "grpc"}.isdisjoint(done.stdout.split())


async def test_workers_over_one_redis_share_answers_purges_and_flights(build: Build) -> None:
    container = build(answer_cache={"kind": "redis"}, redis={"url": "redis://127.0.0.1:9", "prefix": "ours"})
    connection = container.redis()
    assert (connection.prefix, connection.timeout) == ("ours", 0.1)
    assert container.purge_journal().connection is container.fleet().board.connection is connection
    assert container.flights().fleet is container.fleet()
    assert container.hot_answers().trust == 0.8
    assert build().fleet() is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, "set REDIS_URL"),
        ("http://127.0.0.1", "REDIS_URL cannot be used: it must look like redis://"),
        ("redis://:se#cret@127.0.0.1", "REDIS_URL cannot be used: "),
    ],
)
async def test_a_redis_that_nobody_can_find_is_told_of_by_its_setting(build: Build, url: str | None, told: str) -> None:
    container = build(answer_cache={"kind": "redis"}, redis={"url": url} if url else {})
    with pytest.raises(AnswerCacheUnavailable, match=told) as caught:
        container.answer_cache()
    assert "cret" not in str(caught.value)


def test_every_choice_is_known_to_this_test() -> None:
    chosen = {name for name, provider in Container.providers.items() if isinstance(provider, Selector)}
    assert chosen == {
        *CHOICES,
        "fleet",
        "open_former",
        "meanings",
        "filing",
        "filed_meanings",
        "learn_from_answers",
        "respond",
        "respond_to_many",
    }


@pytest.mark.parametrize("part", CHOICES)
def test_settings_offer_exactly_what_the_container_has(part: str) -> None:
    section, setting, _ = CHOICES[part]
    assert set(kinds(section, setting)) == set(Container.providers[part].providers)


async def test_learning_can_be_switched_off(build: Build) -> None:
    assert build(semantic={"learn": False}).learn_from_answers() is None


async def test_the_prior_is_about_the_features_that_are_judged(build: Build) -> None:
    prior = build().prior()
    assert (len(prior.belief.mean), prior.features) == (len(FEATURES), FEATURES)


async def test_meanings_can_be_switched_off(build: Build) -> None:
    assert build(semantic={"enabled": False}).meanings() is None
    assert build(semantic={"enabled": True}, embedder={"kind": "hashing"}, vector_index={"kind": "memory"}).meanings()


def test_what_is_not_chosen_is_not_built(build: Build, tmp_path: Path) -> None:
    container = build(answer_cache={"kind": "memory"}, vector_index={"kind": "memory"}, embedder={"kind": "hashing"})
    container.answer_question()
    container.check_health()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("provider", ["openai", "anthropic", "extractive"])
async def test_every_provider_can_be_built(build: Build, provider: str) -> None:
    container = build(language_model={"provider": provider}, **_configured(provider))
    routes = container.routes()
    assert routes.choose().provider == provider
    assert serves(routes.model_of(provider), LanguageModel)


async def test_only_configured_providers_are_offered(build: Build) -> None:
    assert set(build().routes().offers) == {"extractive"}
    assert set(build(openai={"api_key": "sk-0123456789"}).routes().offers) == {"extractive", "openai"}


async def test_providers_by_name_are_asked_in_the_preferred_order(build: Build) -> None:
    here = {"base_url": "http://127.0.0.1:9/v1", "models": "llama", "aliases": "fast=llama"}
    container = build(
        openai={"api_key": "sk-0123456789"},
        providers={
            "local": {**here, "priority": 1},
            "claude": {"kind": "anthropic", "api_key": "x"},
            "docs": {"kind": "extractive"},
        },
    )
    routes, quotes = container.routes(), container.extractive().model
    assert [*routes.offers] == ["extractive", "local", "openai", "claude", "docs"]
    assert routes.choose().provider == "local|openai|claude|docs"
    assert routes.choose(model="fast") == Route("local", "llama")
    assert routes.choose(model="claude-9") == Route("claude", "claude-9")
    assert routes.choose("docs") == Route("docs", quotes)
    models = container.language_models()
    assert models["docs"] is models["extractive"]
    assert {type(await models[name].prepare()).__name__ for name in ("local", "claude")} == {
        "OpenAILanguageModel",
        "AnthropicLanguageModel",
    }


async def test_the_offline_model_alone_answers_where_it_is_the_default(build: Build) -> None:
    container = build(openai={"api_key": "sk-0123456789"}, language_model={"provider": "extractive"})
    assert container.routes().choose().provider == "extractive"


async def test_keys_and_events_have_their_adapters(build: Build) -> None:
    container = build()
    assert serves(container.key_ring(), KeyRing)
    assert serves(container.events(), EventSink)


async def test_answers_that_cannot_be_read_are_set_aside(build: Build, tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_bytes(b"not a database, and longer than a header would be" * 100)
    container = build(vector_index={"kind": "memory"}, embedder={"kind": "hashing"})
    cache = container.stored_answers()
    assert isinstance(cache, SqliteAnswerCache)
    await cache.ping()
    assert cache.damaged
    assert cache.damaged.exists()


async def test_an_index_that_cannot_be_read_is_set_aside_and_that_is_logged(build: Build, tmp_path: Path) -> None:
    folder = tmp_path / "index" / HashingEmbedder().version.replace("/", "-")
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{broken")
    container = build(embedder={"kind": "hashing"}, vector_index={"kind": "edge"})

    with capture_logs() as lines:
        async with container.open_things():
            await container.vector_index().ping()

    (told,) = [each["detail"] for each in lines if each["event"] == "vector_index"]
    assert "damaged-1" in told


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_served_without_keys(host: str, expected: bool) -> None:
    assert Settings(host=host).open_without_keys is expected
    assert Settings(host=host, environment="production").open_without_keys is False


def _configured(provider: str) -> dict[str, object]:
    return {} if provider == "extractive" else {provider: {"base_url": "http://127.0.0.1:9/v1"}}
