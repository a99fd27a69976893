"""What can be configured: every setting with its default, its meaning and its limits."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Provider = Literal["openai", "anthropic", "extractive"]

Words = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Seconds = Annotated[float, Field(ge=0)]
Filled = Annotated[str, Field(min_length=1, pattern=r"^\S+$", json_schema_extra={"allowed": "a name without spaces"})]
Address = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$",
        json_schema_extra={"allowed": "an http:// or https:// address without user name, query or fragment"},
    ),
]
_A_FILE = {"allowed": "sqlite+aiosqlite:/// and the path of a file; no other database than SQLite is supported"}
RecordsUrl = Annotated[str, Field(pattern=r"^sqlite\+aiosqlite:///.+$", json_schema_extra=_A_FILE)]


def _beside_data(data: dict[str, Any]) -> Path:
    return Path(data.get("data_folder", "."))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Log(_Section):
    """What is logged, on standard output."""

    level: Annotated[Literal["debug", "info", "warning", "error", "critical"], Words] = Field(
        default="info", description="The least level that is logged.", json_schema_extra={"variable": "LOG_LEVEL"}
    )
    questions: bool = Field(
        default=False, description="Whether the text of questions may be logged; it is personal data."
    )


class AnswerCache(_Section):
    """Where answers are remembered, and for how long."""

    kind: Annotated[Literal["sqlite", "memory"], Words] = Field(
        default="sqlite", description="On disk, or only as long as the process lives."
    )
    ttl: Seconds = Field(default=3600.0, description="Seconds an answer is fresh.")
    grace: Seconds = Field(
        default=60.0, description="Seconds after the ttl in which it is served while one refresh runs."
    )
    stale_if_error: Seconds = Field(
        default=86400.0, description="Seconds after the ttl in which it is served when no model answers."
    )
    size_mb: int = Field(
        default=1024, ge=1, description="Megabytes that all answers may take before the idlest are evicted."
    )
    hot_mb: int = Field(
        default=8, ge=0, description="Megabytes of the most used answers that are kept in memory as well."
    )


class VectorIndex(_Section):
    """Where the meaning of remembered questions is searched."""

    kind: Annotated[Literal["edge", "memory"], Words] = Field(
        default="edge", description="Qdrant Edge on disk, or an exact search in memory."
    )


class Embedder(_Section):
    """What turns questions into vectors."""

    kind: Annotated[Literal["onnx", "hashing"], Words] = Field(
        default="onnx", description="MiniLM, or hashed words, which need no model and know no meaning."
    )
    precision: Annotated[Literal["int8", "fp32"], Words] = Field(
        default="int8", description="Precision of the model's weights; thresholds belong to one precision."
    )
    threads: int = Field(default=1, ge=1, le=64, description="Processor threads that one embedding may use.")


class Semantic(_Section):
    """When the answer to another question of the same meaning is served."""

    enabled: bool = Field(default=True, description="Whether semantic hits are served at all.")
    policy: Annotated[Literal["threshold"], Words] = Field(default="threshold", description="How a hit is decided.")
    threshold: float = Field(default=0.95, ge=0, le=1, description="The least cosine similarity of a hit.")
    neighbours: int = Field(default=6, ge=1, le=100, description="How many of the nearest questions are looked at.")


class LanguageModel(_Section):
    """Who answers what memory cannot."""

    provider: Annotated[Provider, Words] | None = Field(
        default=None,
        description="Who answers when the asker names nobody. Unset: the first of openai and anthropic that "
        "has a key or a base URL, else extractive, which answers from what is at hand, offline.",
    )
    timeout: float = Field(default=30.0, gt=0, description="The longest silence of a model, in seconds, per attempt.")
    retries: int = Field(default=2, ge=0, le=10, description="How often a transient failure is tried again.")


class OpenAI(_Section):
    """OpenAI, or anything that speaks its format, such as Ollama or vLLM."""

    api_key: SecretStr | None = Field(
        default=None, description="The key.", json_schema_extra={"variable": "OPENAI_API_KEY"}, min_length=1
    )
    base_url: Address | None = Field(
        default=None, description="Another address than OpenAI's.", json_schema_extra={"variable": "OPENAI_BASE_URL"}
    )
    model: Filled = Field(default="gpt-6-luna", description="The model when the asker names none.")

    @property
    def configured(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.api_key or self.base_url)


class Anthropic(_Section):
    """Anthropic, or anything that speaks its format."""

    api_key: SecretStr | None = Field(
        default=None, description="The key.", json_schema_extra={"variable": "ANTHROPIC_API_KEY"}, min_length=1
    )
    base_url: Address | None = Field(
        default=None,
        description="Another address than Anthropic's.",
        json_schema_extra={"variable": "ANTHROPIC_BASE_URL"},
    )
    model: Filled = Field(default="claude-haiku-5-5", description="The model when the asker names none.")

    @property
    def configured(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.api_key or self.base_url)


class Settings(_Section):
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
    vector_index: VectorIndex = VectorIndex()
    embedder: Embedder = Embedder()
    semantic: Semantic = Semantic()
    language_model: LanguageModel = LanguageModel()
    openai: OpenAI = OpenAI()
    anthropic: Anthropic = Anthropic()

    @property
    def default_provider(self) -> Provider:
        """Give who answers when the asker names nobody."""
        if self.language_model.provider:
            return self.language_model.provider
        if self.openai.configured:
            return "openai"
        return "anthropic" if self.anthropic.configured else "extractive"

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
        keys = (self.openai.api_key, self.anthropic.api_key)
        return tuple(key.get_secret_value() for key in keys if key)
