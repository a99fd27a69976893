"""What can be configured of those who answer what memory cannot."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from entrypoints.settings_sections import Address, Filled, Section, Words

Provider = Literal["openai", "anthropic", "extractive"]


class LanguageModel(Section):
    """Who answers what memory cannot."""

    provider: Annotated[Provider, Words] | None = Field(
        default=None,
        description="Who answers when the asker names nobody. Unset: the first of openai and anthropic that "
        "has a key or a base URL, else extractive, which answers from what is at hand, offline.",
    )
    timeout: float = Field(default=30.0, gt=0, description="The longest silence of a model, in seconds, per attempt.")
    retries: int = Field(default=2, ge=0, le=10, description="How often a transient failure is tried again.")
    finish_unheard: bool = Field(
        default=True,
        description="Whether an answer is fetched to its end, and remembered, when all its askers have left; else the "
        "call ends with the last of them.",
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
    model: Filled = Field(default="gpt-6-luna", description="The model when the asker names none.")

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
    model: Filled = Field(default="claude-haiku-5-5", description="The model when the asker names none.")

    @property
    def configured(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.api_key or self.base_url)
