"""What a question looks like as JSON, and how it becomes one of the domain's."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from application.route_models import Routes
from domain.errors import Malformed
from domain.prompts import Message, Role
from domain.questions import MAX_TEXT, Question, check_text

# Nothing may follow, not even the line break that Python's $ lets through; JSON Schema has no \Z.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
Name = Annotated[str, Meta(pattern=NAME, description="Letters, digits, `._-`; 1 to 64.")]
Text = Annotated[
    str,
    Meta(
        description=f"1 to {MAX_TEXT:,} characters, not blank.",
        examples=["What is RAGBoost?"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_TEXT},
    ),
]


class QueryMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    A question: *query*, or *messages* of which the last is the user's.

    The history in *messages* must be the same for a remembered answer to be served; only the last text may
    differ in its words.
    """

    query: Text | None = None
    messages: Annotated[tuple[QueryMessage, ...], Meta(min_length=1, max_length=1000)] | None = None
    provider: Annotated[str, Meta(max_length=64, description="As configured; by default the service's own.")] | None = (
        None
    )
    model: Annotated[str, Meta(max_length=200, description="By default the provider's.")] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    namespace: Annotated[Name, Meta(description="A memory of its own within the tenant's.")] | None = None
    tags: Annotated[tuple[Name, ...], Meta(max_length=16, description="Labels to purge by.")] = ()
    ttl: Annotated[int, Meta(ge=1, le=31_536_000, description="Seconds for which the answer is fresh.")] | None = None


class QueryRequest(Asked, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question, whether memory may be used to answer it, and how the answer is sent."""

    use_cache: Annotated[bool, Meta(description="Off: neither read memory nor write to it.")] = True
    stream: Annotated[bool, Meta(description="On: send the answer as server-sent events, while it comes.")] = False


def to_question(tenant: str, asked: Asked, routes: Routes) -> Question:
    """Build the question that *tenant* asks; raises ``Malformed``."""
    history, text = _conversation(asked)
    route = routes.choose(asked.provider, asked.model)
    return Question(
        tenant=tenant,
        text=text,
        provider=route.provider,
        model=route.model,
        namespace=asked.namespace or "",
        history=history,
        parameters=_parameters(asked),
    )


def _conversation(asked: Asked) -> tuple[tuple[Message, ...], str]:
    if (asked.query is None) == (asked.messages is None):
        raise Malformed.field("query", "is required, unless messages are sent instead; never both")
    if asked.query is not None:
        return (), asked.query.strip()
    return _from_messages(asked.messages or ())


def _from_messages(messages: tuple[QueryMessage, ...]) -> tuple[tuple[Message, ...], str]:
    *history, last = messages
    if last.role != "user":
        raise Malformed.field("messages", "must end with a message of the user")
    for position, each in enumerate(messages):
        check_text(f"messages[{position}].content", each.content)
    return tuple(Message(Role(each.role), each.content) for each in history), last.content.strip()


def _parameters(asked: Asked) -> dict[str, object]:
    given = {"max_tokens": asked.max_tokens, "temperature": asked.temperature}
    return {name: value for name, value in given.items() if value is not None}
