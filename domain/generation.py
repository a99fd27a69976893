"""What language models give: chunks, and the completion they fold into; and how they fail."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar

from attrs import frozen

from domain.attempts import Tried
from domain.errors import Malformed, Transient, Unavailable
from domain.prompts import Prompt
from domain.tokens import TokenUsage
from domain.wires import Wire

T = TypeVar("T")

PIECE = 4_000
"""Characters of the longest piece in which a remembered answer is given again."""


class FinishReason(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"
    NOTHING_KNOWN = "nothing_known"
    TOOL_CALLS = "tool_calls"
    OTHER = "other"


@frozen
class Citation:
    """Where an answer, or a part of it, was taken from: the place, and the *document*, if that is not the same."""

    source: str
    quote: str
    document: str = ""


@frozen
class Chunk:
    """
    A piece of an answer as it arrives.

    The last chunks carry *finish_reason*, *usage* and the exact *model*; the pieces before them carry text.
    *cost* is in US dollars, for what *usage* counts; ``None`` where no price is known.
    Where one of several providers was chosen, a chunk names the *provider* and those that were *tried* before it.
    *wires* are the provider's own events that the piece was read from; the last chunk has in *extras* what all of
    them say besides the text.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    usage: TokenUsage | None = None
    model: str | None = None
    citations: tuple[Citation, ...] = ()
    cost: Decimal | None = None
    provider: str | None = None
    tried: tuple[Tried, ...] = ()
    wires: tuple[Wire, ...] = ()
    extras: Wire | None = None


@frozen
class Completion:
    """
    A whole answer as a model gave it: a fold over its chunks.

    *cost* is what the provider takes for it, in US dollars; ``None`` where that is not known, which is not nothing.
    *tried* are those that failed before it came.
    *extras* is what the provider's response held besides the text, in its own format: calls of tools, for one.
    """

    text: str
    provider: str
    model: str
    usage: TokenUsage
    finish_reason: FinishReason
    citations: tuple[Citation, ...] = ()
    cost: Decimal | None = None
    tried: tuple[Tried, ...] = ()
    extras: Wire | None = None

    @classmethod
    def fold(cls, provider: str, requested_model: str, chunks: Iterable[Chunk]) -> "Completion":
        """
        Put the pieces together; *provider* and *requested_model* are named where the chunks name none.

        Raises:
            AnswerCutShort: the stream ended before the model said that it had finished.
        """
        pieces = tuple(chunks)
        finish_reason = _last(each.finish_reason for each in pieces)
        provider = _last(each.provider for each in pieces) or provider
        if finish_reason is None:
            raise AnswerCutShort(f"{provider} stopped in the middle of an answer")
        return cls(
            text=whole_characters("".join(each.text for each in pieces)),
            provider=provider,
            model=_last(each.model for each in pieces) or requested_model,
            usage=_last(each.usage for each in pieces) or TokenUsage(),
            finish_reason=finish_reason,
            citations=tuple(citation for each in pieces for citation in each.citations),
            cost=_last(each.cost for each in pieces),
            tried=tuple(tried for each in pieces for tried in each.tried),
            extras=_last(each.extras for each in pieces),
        )

    def replay(self) -> tuple[Chunk, ...]:
        """Give it as the stream it may have been, in pieces of a moderate size; ``fold`` makes the same of it again."""
        pieces = [Chunk(self.text[at : at + PIECE]) for at in range(0, len(self.text), PIECE)]
        ended = (self.finish_reason, self.usage, self.model, self.citations, self.cost, self.provider, self.tried)
        return (*pieces, Chunk("", *ended, extras=self.extras))

    @property
    def is_whole(self) -> bool:
        """Tell whether this may be remembered: finished of its own accord, and not empty."""
        if self.finish_reason is FinishReason.TOOL_CALLS:
            return self.extras is not None
        return self.finish_reason is FinishReason.STOP and bool(self.text.strip())


def whole_characters(text: str) -> str:
    """Join the halves of characters that came in two pieces; half a character alone becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _last(values: Iterable[T | None]) -> T | None:
    return next((each for each in reversed(tuple(values)) if each is not None), None)


class LanguageModel(Protocol):
    """
    Answers prompts. One method: a completion is a fold over the stream.

    Anything that goes wrong is one of the errors below, raised while iterating;
    text that was already passed on is then not an answer.
    Closing the generator early ends the call to the provider.
    """

    @abstractmethod
    def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Give the answer to *prompt* in pieces, as they come."""


class ModelFailed(Unavailable):
    """The provider could not answer, for a reason that asking again will not change."""


class ModelTimedOut(ModelFailed, Transient):
    """The provider took too long."""


class ModelUnreachable(ModelFailed, Transient):
    """The provider could not be reached, or the connection broke."""


class ModelOverloaded(ModelFailed, Transient):
    """The provider asks us to come back later, in *resets_in* seconds where it says when."""

    def __init__(self, message: str, resets_in: float | None = None) -> None:
        self.resets_in = resets_in
        super().__init__(message)


class ModelBroken(ModelFailed, Transient):
    """The provider failed on its side."""


class AnswerCutShort(ModelFailed, Transient):
    """The stream ended before the answer did."""


class ModelRefusedKey(ModelFailed):
    """The provider does not accept our key; the operator must mend it."""


class PromptRefused(Malformed):
    """The provider calls the request wrong, or would: a model it does not have, a parameter it does not take."""
