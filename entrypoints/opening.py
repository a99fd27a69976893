"""How adapters are opened that need more than their name: files, models, connections; what is said when it fails."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog

from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.prepared_model import Precision
from adapters.embedder.weight_sources import DownloadedWeights, FolderWeights, InstalledWeights, Progress
from adapters.exclusive import Exclusive, InUse
from adapters.language_model.endpoint import Endpoint
from adapters.language_model.extractive import ExtractiveLanguageModel
from adapters.language_model.known_models import context_window
from adapters.language_model.markdown import read_passages
from domain.caching import AnswerCacheUnavailable
from domain.flights import FlightBoard
from domain.generation import LanguageModel
from domain.purging import PurgeJournal
from entrypoints.settings import Settings

ANSWERS = "answers.db"
DOCUMENTATION = tuple(Path(__file__).parent.parent / page for page in ("README.md", "docs/api.md"))

log = structlog.get_logger()

Thing = TypeVar("Thing")


def kept_open(open_things: AsyncExitStack, thing: Thing) -> Thing:
    """Have *thing* closed in the end."""
    close = getattr(thing, "aclose", None) or getattr(thing, "close")  # noqa: B009 - adapters name it either way
    open_things.push_async_callback(close)
    return thing


class FolderInUse(AnswerCacheUnavailable):
    """A running service uses *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        remedy = (
            "ask it instead (--url http://HOST:PORT, or RAGBOOST_URL), or set RAGBOOST_DATA_FOLDER to another folder"
        )
        super().__init__(f"a running service uses {folder}: {remedy}")


def take_answers(folder: Path) -> Exclusive:
    """Have the answers in *folder* to ourselves: what is kept in memory of them, nobody else may change on disk."""
    with _telling_of_answers(folder):
        return Exclusive(folder / ANSWERS)


def open_sqlite(folder: Path) -> SqliteAnswerCache:
    """Open the answers on disk, and say so when they had to be set aside."""
    with _telling_of_answers(folder):
        cache = SqliteAnswerCache(folder / ANSWERS)
    if cache.damaged:
        log.warning("answers_set_aside", file=str(cache.damaged))
    return cache


@contextmanager
def _telling_of_answers(folder: Path) -> Iterator[None]:
    """Say which file or folder is to blame, and what can be done."""
    file = folder.absolute() / ANSWERS
    try:
        yield
    except InUse as error:
        raise FolderInUse(file.parent) from error
    except (AnswerCacheUnavailable, OSError) as error:
        remedy = "it must be a file that may be written; RAGBOOST_DATA_FOLDER chooses another folder"
        raise AnswerCacheUnavailable(f"{file} cannot be opened: {error}; {remedy}") from error


def open_onnx(settings: Settings) -> OnnxEmbedder:
    """Load the prepared model."""
    return OnnxEmbedder(settings.model_folder, settings.embedder.threads)


def prepare_model(settings: Settings, folder: Path | None, download: bool, progress: Progress) -> str:
    """Prepare the model from *folder*, from its publisher, or from the installed package; give its version."""
    from adapters.embedder.preparation import prepare  # noqa: PLC0415 - needs packages that serving does not

    source = FolderWeights(folder) if folder else DownloadedWeights() if download else InstalledWeights()
    precision = Precision(settings.embedder.precision)
    return prepare(source, settings.model_folder, precision, progress).manifest.version


def connect_redis(settings: Settings) -> Any:
    """Import the client, and give the connection that all who keep something in Redis share."""
    from adapters.redis_address import RedisUrlInvalid, parse_address  # noqa: PLC0415 - takes 20 MB
    from adapters.redis_connection import RedisConnection  # noqa: PLC0415

    chosen = settings.redis
    if chosen.url is None:
        raise AnswerCacheUnavailable("answers are kept in a Redis, and nobody says where: set REDIS_URL")
    try:
        address = parse_address(chosen.url.get_secret_value())
    except RedisUrlInvalid as error:
        raise AnswerCacheUnavailable(f"REDIS_URL cannot be used: {error}") from error
    return RedisConnection(address, chosen.prefix, chosen.timeout, chosen.pool_size)


def open_redis(connection: Any) -> Any:
    """Give the answers in Redis."""
    from adapters.answer_cache.redis import RedisAnswerCache  # noqa: PLC0415 - as above

    return RedisAnswerCache(connection)


def share_purges(connection: Any) -> PurgeJournal:
    """Give the journal in Redis."""
    from adapters.purge_journal.redis import RedisPurgeJournal  # noqa: PLC0415 - as above

    return RedisPurgeJournal(connection)


def share_flights(connection: Any) -> FlightBoard:
    """Give the board in Redis."""
    from adapters.flight_board.redis import RedisFlightBoard  # noqa: PLC0415 - as above

    return RedisFlightBoard(connection)


def connect(settings: Settings, name: str) -> LanguageModel:
    """Import the SDK of the provider called *name*, and connect."""
    provider = settings.named_providers[name]
    key = provider.api_key.get_secret_value() if provider.api_key else ""
    context_window(
        str(provider.kind), provider.base_url, str(provider.model)
    )  # so that no question waits for its import
    endpoint = Endpoint(key, provider.base_url, settings.language_model.timeout)
    return _connect_anthropic(endpoint) if provider.kind == "anthropic" else _connect_openai(endpoint)


def _connect_openai(endpoint: Endpoint) -> LanguageModel:
    from adapters.language_model.openai import OpenAILanguageModel  # noqa: PLC0415 - takes a second

    return OpenAILanguageModel.connect(endpoint)


def _connect_anthropic(endpoint: Endpoint) -> LanguageModel:
    from adapters.language_model.anthropic import AnthropicLanguageModel  # noqa: PLC0415 - takes a second

    return AnthropicLanguageModel.connect(endpoint)


def read_documentation() -> ExtractiveLanguageModel:
    """Give the model that knows RAGBoost's own documentation."""
    return ExtractiveLanguageModel(read_passages(DOCUMENTATION))
