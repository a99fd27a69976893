"""What can be configured of the service as a whole; its parts' settings are in ``settings_sections.py``."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field

from entrypoints.settings_prices import ModelName, ModelPrice
from entrypoints.settings_providers import OWN, Anthropic, LanguageModel, OpenAI, Provider, ProviderName
from entrypoints.settings_sections import (
    AnswerCache,
    Doors,
    Embedder,
    Filled,
    Log,
    Qdrant,
    Redis,
    Section,
    Semantic,
    VectorIndex,
    Words,
)

EXTRACTIVE = "extractive"
"""The provider that is always there."""

_A_FILE = {"allowed": "sqlite+aiosqlite:/// and the path of a file; no other database than SQLite is supported"}
RecordsUrl = Annotated[str, Field(pattern=r"^sqlite\+aiosqlite:///.+$", json_schema_extra=_A_FILE)]


_HOME = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
"""Where providers are that are given no other address."""


def _beside_data(data: dict[str, Any]) -> Path:
    return Path(data.get("data_folder", "."))


def _password(text: str) -> str:
    """Give the password, if *text* is a URL that holds one."""
    credentials = text.partition("://")[2].rpartition("@")[0]
    return unquote(credentials.partition(":")[2])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Settings(Section):
    """The service as a whole."""

    environment: Annotated[Literal["development", "production"], Words] = Field(
        default="development", description="Development logs to a console; production logs JSON."
    )
    host: Filled = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes any that is free.")
    max_body_bytes: int = Field(default=1_000_000, ge=1, description="The largest request body that is read.")
    data_folder: Path = Field(default=Path(".data"), description="The folder for everything that is kept on disk.")
    models_folder: Path = Field(
        default_factory=lambda data: _beside_data(data) / "models",
        description="The folder of the embedding models. Unset: models in the data folder.",
    )
    records_url: RecordsUrl = Field(
        default_factory=lambda data: f"sqlite+aiosqlite:///{_beside_data(data) / 'records.db'}",
        description="SQLAlchemy's URL of the SQLite file of the records (keys). Unset: records.db in the data folder.",
    )
    log: Log = Log()
    answer_cache: AnswerCache = AnswerCache()
    redis: Redis = Redis()
    vector_index: VectorIndex = VectorIndex()
    qdrant: Qdrant = Qdrant()
    embedder: Embedder = Embedder()
    semantic: Semantic = Semantic()
    language_model: LanguageModel = LanguageModel()
    openai: OpenAI = OpenAI()
    anthropic: Anthropic = Anthropic()
    doors: Doors = Doors()
    providers: dict[ProviderName, Provider] = Field(default={})
    prices: dict[ModelName, ModelPrice] = Field(default={})

    @property
    def named_providers(self) -> dict[str, Provider]:
        """Give those who are configured, in the preferred order, and with all that follows from their names."""
        own: dict[str, OpenAI | Anthropic] = {"openai": self.openai, "anthropic": self.anthropic}
        names = {*(name for name in OWN if own[name].configured), *self.providers}
        given = {name: self.providers.get(name, Provider()).named(name, own.get(name)) for name in names}
        ranked = sorted(given, key=lambda name: (given[name].priority, name not in own, name == "anthropic", name))
        return {name: given[name] for name in ranked}

    @property
    def default_provider(self) -> str:
        """Give who answers first when the asker names nobody."""
        return self.language_model.provider or next(iter(self.named_providers), EXTRACTIVE)

    @property
    def provider_addresses(self) -> Mapping[str, str]:
        """Give the addresses of those providers that may take money: prices belong to them, not to a format."""
        paid = {name: each for name, each in self.named_providers.items() if each.kind != EXTRACTIVE}
        addresses = {name: each.base_url or _HOME[str(each.kind)] for name, each in paid.items()}
        return {name: each for name, each in addresses.items() if not _is_loopback(urlsplit(each).hostname or "")}

    @property
    def open_without_keys(self) -> bool:
        """Tell whether callers without a key may be served while there are no keys: on this machine, to develop."""
        return self.environment == "development" and _is_loopback(self.host)

    @property
    def model_folder(self) -> Path:
        """Give the folder of the prepared embedding model."""
        return self.models_folder / f"all-MiniLM-L6-v2-{self.embedder.precision}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Give the keys in clear, for those who must keep them out of sight."""
        providers = (self.openai.api_key, self.anthropic.api_key, *(each.api_key for each in self.providers.values()))
        keys = (*providers, self.qdrant.api_key, self.redis.url)
        clear = [key.get_secret_value() for key in keys if key]
        return (*clear, *filter(None, map(_password, clear)))
