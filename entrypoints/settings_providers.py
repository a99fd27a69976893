"""What can be configured of those who answer what memory cannot."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr

from entrypoints.settings_sections import Address, Filled, Section, Words

MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}
"""What is asked of each unless somebody says otherwise."""

CALLS = {"openai": 500, "anthropic": 50}
"""Calls a minute that each is asked for unless somebody says otherwise."""

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
"""What a provider may be called."""

OWN = ("openai", "anthropic")
"""Providers that have settings of their own, and come first of those that are equally preferred."""

ProviderName = Annotated[
    str,
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    Field(pattern=NAME, json_schema_extra={"allowed": "openai, anthropic, extractive or the name of a provider"}),
]


def _listed(value: Any) -> Any:
    """Read ``a, b``, as variables have it, as a list."""
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) else value


def _paired(value: Any) -> Any:
    """Read ``a=b, c=d``, as variables have it, as a table."""
    return dict(each.partition("=")[::2] for each in _listed(value)) if isinstance(value, str) else value


Names = Annotated[
    tuple[Filled, ...],
    BeforeValidator(_listed),
    Field(min_length=1, json_schema_extra={"allowed": "names of models, or patterns with *, with commas between them"}),
]
Aliases = Annotated[
    dict[Filled, Filled],
    BeforeValidator(_paired),
    Field(json_schema_extra={"allowed": "alias=model, with commas between them"}),
]


class LanguageModel(Section):
    """Who answers what memory cannot, and how patiently models are asked."""

    provider: ProviderName | None = Field(
        default=None,
        description="Who answers first when the asker names nobody. Unset: the provider of the least priority, openai "
        "before anthropic; where there is none, extractive, which answers from what is at hand, offline.",
    )
    selection: Annotated[Literal["preferred", "round_robin", "quickest", "cheapest"], Words] = Field(
        default="preferred",
        description="Who of those that have the model is asked first: the most preferred, each in turn, who was "
        "the quickest of late, or who takes the least for the question.",
    )
    fallback: bool = Field(
        default=True,
        description="Whether the others are asked when the first fails, unless the asker names a provider.",
    )
    timeout: float = Field(default=30.0, gt=0, description="The longest silence of a model, in seconds, per attempt.")
    total_timeout: float = Field(default=300.0, gt=0, description="The longest answer, in seconds, per attempt.")
    retries: int = Field(default=2, ge=0, le=10, description="How often a transient failure is tried again.")
    finish_unheard: bool = Field(
        default=True,
        description="Whether an answer is fetched to its end, and remembered, when all its askers have left; else the "
        "call ends with the last of them.",
    )
    backoff: float = Field(
        default=0.5,
        ge=0,
        description="Seconds until the first such trial, twice as many until each further one, and "
        "as many more as chance says. Whoever says when to come back is asked then.",
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="How often in a row a model may fail before it is left alone."
    )
    breaker_cool_down: float = Field(default=300.0, ge=0, description="Seconds for which it is left alone.")
    apology: str | None = Field(
        default=None,
        min_length=1,
        description="A text that is given instead of a problem when no model answers and there is nothing old to "
        "serve. It is marked, and never remembered. Unset: the problem.",
    )
    queue_timeout: float = Field(
        default=30.0, ge=0, description="Seconds that a call waits for its turn where its provider has limits."
    )
    batch_concurrency: int = Field(
        default=8, ge=1, le=256, description="How many questions of one batch are put to models at once."
    )


class OpenAI(Section):
    """OpenAI, or anything that speaks its format, such as Ollama or vLLM."""

    api_key: SecretStr | None = Field(
        default=None, description="The key.", json_schema_extra={"variable": "OPENAI_API_KEY"}, min_length=1
    )
    base_url: Address | None = Field(
        default=None, description="Another address than OpenAI's.", json_schema_extra={"variable": "OPENAI_BASE_URL"}
    )
    model: Filled = Field(default=MODELS["openai"], description="The model when the asker names none.")

    @property
    def configured(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.api_key or self.base_url)


class Anthropic(Section):
    """Anthropic, or anything that speaks its format."""

    api_key: SecretStr | None = Field(
        default=None, description="The key.", json_schema_extra={"variable": "ANTHROPIC_API_KEY"}, min_length=1
    )
    base_url: Address | None = Field(
        default=None,
        description="Another address than Anthropic's.",
        json_schema_extra={"variable": "ANTHROPIC_BASE_URL"},
    )
    model: Filled = Field(default=MODELS["anthropic"], description="The model when the asker names none.")

    @property
    def configured(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.api_key or self.base_url)


Kind = Literal["openai", "anthropic", "extractive"]


class Provider(Section):
    """A provider under a name of its own. For NAME say what it shall be called: letters, digits, ``_`` and ``-``."""

    kind: Annotated[Kind, Words] | None = Field(
        default=None,
        description="The format that it speaks, OpenAI's, as most do, or Anthropic's; or the offline model. Unset: "
        "what its name says, else openai.",
    )
    base_url: Address | None = Field(
        default=None, description="Its address, with /v1 for OpenAI's format. Unset: OpenAI's or Anthropic's own."
    )
    api_key: SecretStr | None = Field(default=None, description="The key.", min_length=1)
    model: Filled | None = Field(
        default=None, description="The model when the asker names none. Unset: the first of models that is no pattern."
    )
    models: Names | None = Field(
        default=None,
        description="The models that may be named. Unset: claude* at Anthropic's own address, else any.",
    )
    aliases: Aliases = Field(default={}, description="Other names for some of its models, such as fast and smart.")
    priority: int = Field(
        default=100, ge=0, description="The less, the more preferred; of equals openai, anthropic, then by name."
    )

    rpm: int | None = Field(
        default=None,
        ge=0,
        description="Calls a minute, of each worker; 0 is no limit. Unset: 500 at OpenAI's own address, 50 at "
        "Anthropic's, else none.",
    )
    tpm: int | None = Field(default=None, ge=0, description="Tokens a minute, of each worker. Unset: no limit.")
    queue: int = Field(default=100, ge=0, description="Calls that may wait for their turn; more are refused.")

    context_window: int | None = Field(
        default=None,
        ge=1,
        description="Tokens that prompt and answer may have together, with all its models. Unset: what is known of "
        "each.",
    )

    def named(self, name: str, own: "OpenAI | Anthropic | None") -> "Provider":
        """Fill in what follows from its *name*, and from the settings that are its *own* under other names."""
        kind = self.kind or {"anthropic": "anthropic", "extractive": "extractive"}.get(name, "openai")
        base_url = self.base_url or (own.base_url if own else None)
        model = self.model or (own.model if own else self._first_model(kind, base_url))
        return self.model_copy(
            update={
                "kind": kind,
                "base_url": base_url,
                "api_key": self.api_key or (own.api_key if own else None),
                "model": model,
                "rpm": self.rpm if self.rpm is not None else 0 if base_url else CALLS.get(kind, 0),
                "models": self.models or (("claude*",) if kind == "anthropic" and not base_url else ("*",)),
            }
        )

    def _first_model(self, kind: str, base_url: str | None) -> str | None:
        named = (each for each in self.models or () if "*" not in each)
        return next(named, None if base_url else MODELS.get(kind))
