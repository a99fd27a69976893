"""What can be configured of each part of memory: every setting with its default, its meaning and its limits."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

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


class Section(BaseModel):
    """Settings that belong together: they cannot be changed, and have no others than these."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Log(Section):
    """What is logged, on standard output."""

    level: Annotated[Literal["debug", "info", "warning", "error", "critical"], Words] = Field(
        default="info", description="The least level that is logged.", json_schema_extra={"variable": "LOG_LEVEL"}
    )
    questions: bool = Field(
        default=False, description="Whether the text of questions may be logged; it is personal data."
    )


class AnswerCache(Section):
    """Where answers are remembered, and for how long."""

    kind: Annotated[Literal["sqlite", "memory", "redis"], Words] = Field(
        default="sqlite",
        description="On disk, only as long as the process lives, or in a Redis that many workers share.",
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


class Doors(Section):
    """How answers are told to the clients of OpenAI and Anthropic."""

    usage_of_hits: Annotated[Literal["zero", "remembered"], Words] = Field(
        default="zero",
        description="The tokens that an answer from memory tells of: none, for it cost none, or those it had cost.",
    )


class Redis(Section):
    """The Redis, where answers are kept in one."""

    url: SecretStr | None = Field(
        default=None,
        description="Where it is: redis://user:password@host:6379/0, rediss:// with TLS, unix:// for a socket, "
        "redis+cluster:// or rediss+cluster:// for a cluster.",
        json_schema_extra={"variable": "REDIS_URL"},
        min_length=1,
    )
    prefix: str = Field(
        default="ragboost",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        json_schema_extra={"allowed": "up to 64 letters, digits, `.`, `_` and `-`"},
        description="What the names of all keys begin with; services with different ones share nothing.",
    )
    timeout: float = Field(
        default=0.1, gt=0, le=60, description="Seconds a question waits for Redis; purging may take longer."
    )
    pool_size: int = Field(default=16, ge=2, le=1000, description="Connections of one worker to each server.")


class VectorIndex(Section):
    """Where the meaning of remembered questions is searched."""

    kind: Annotated[Literal["edge", "memory", "qdrant"], Words] = Field(
        default="edge",
        description="Qdrant Edge on disk, an exact search in memory, or a Qdrant server that many workers share.",
    )


class Qdrant(Section):
    """The Qdrant server, where the vector index is one."""

    url: Address | None = Field(
        default=None,
        description="Its address, such as http://127.0.0.1:6333.",
        json_schema_extra={"variable": "QDRANT_URL"},
    )
    api_key: SecretStr | None = Field(
        default=None, description="The key.", json_schema_extra={"variable": "QDRANT_API_KEY"}, min_length=1
    )
    prefer_grpc: bool = Field(
        default=False, description="Whether it is asked over gRPC, which takes half the processor time of HTTP."
    )
    grpc_port: int = Field(default=6334, ge=1, le=65535, description="The port of gRPC.")
    timeout: float = Field(
        default=0.2, gt=0, le=60, description="Seconds a search may take; anything else may take ten times as long."
    )
    collection: str = Field(
        default="ragboost",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        json_schema_extra={"allowed": "up to 64 letters, digits, - and _"},
        description="What the names of collections begin with, one for each embedder version; it is also the alias "
        "of the one in use.",
    )


class Embedder(Section):
    """What turns questions into vectors."""

    kind: Annotated[Literal["onnx", "hashing"], Words] = Field(
        default="onnx", description="MiniLM, or hashed words, which need no model and know no meaning."
    )
    precision: Annotated[Literal["int8", "fp32"], Words] = Field(
        default="int8", description="Precision of the model's weights; thresholds belong to one precision."
    )
    threads: int = Field(default=1, ge=1, le=64, description="Processor threads that one embedding may use.")


class Semantic(Section):
    """When the answer to another question of the same meaning is served."""

    enabled: bool = Field(default=True, description="Whether semantic hits are served at all.")
    policy: Annotated[Literal["verified", "threshold"], Words] = Field(
        default="verified",
        description="How a hit is decided: by evidence, within an error budget, or by similarity alone.",
    )
    error_budget: float = Field(
        default=0.01,
        gt=0,
        le=0.5,
        description="verified: the share of a tenant's requests that may get a wrong remembered answer.",
    )
    learn: bool = Field(
        default=True, description="Whether fresh answers are compared with remembered ones, to learn when those fit."
    )
    checked_share: float = Field(
        default=0.02, ge=0, le=1, description="verified: the share of semantic hits for which a model is asked too."
    )
    checks_per_minute: int = Field(
        default=60, ge=0, description="verified: so many of these checks are made in a minute at most."
    )
    answer_judge: Annotated[Literal["local", "model"], Words] = Field(
        default="local",
        description="Who compares answers: rules and the embedder, or the default provider's model, which is one call "
        "more for most misses.",
    )
    threshold: float = Field(default=0.95, ge=0, le=1, description="threshold: the least cosine similarity of a hit.")
    neighbours: int = Field(
        default=6,
        ge=2,
        le=100,
        description="How many of the nearest questions are looked at; evidence is sought among six.",
    )
