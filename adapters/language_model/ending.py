"""How a provider's stream ends: what its last events tell, as one last chunk."""

from attrs import define, field

from domain.generation import AnswerCutShort, Chunk, FinishReason, ModelBroken
from domain.tokens import TokenUsage

_FINISH_REASONS = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.FILTERED,
    "refusal": FinishReason.FILTERED,
}


def finish_reason(word: str | None) -> FinishReason | None:
    """Translate a provider's word; none, or an empty one, says that the answer goes on."""
    return _FINISH_REASONS.get(word.lower(), FinishReason.OTHER) if word else None


@define
class Ending:
    """What the end of a stream tells, gathered in whatever order it comes."""

    finish_reason: FinishReason | None = None
    usage: TokenUsage = field(factory=TokenUsage)
    model: str | None = None
    began: bool = False

    def note(self, chunk: Chunk) -> None:
        """Keep what *chunk* tells; token counts are running totals, so the larger one is the later."""
        self.began = True
        if self.finish_reason is not FinishReason.FILTERED:  # a refusal ends as if all were well
            self.finish_reason = chunk.finish_reason or self.finish_reason
        self.model = chunk.model or self.model
        self.usage = self.usage.or_more(chunk.usage) if chunk.usage else self.usage

    def chunk(self, content_type: str) -> Chunk:
        """
        Give the last chunk.

        Raises:
            ModelBroken: not one event came, and the reply was something else, of this *content_type*.
            AnswerCutShort: the stream ended before the answer did.
        """
        if not self.began and "event-stream" not in content_type:
            raise ModelBroken(f"the provider sent {content_type or 'something'} where a stream of events was due")
        if self.finish_reason is None:
            raise AnswerCutShort("the stream ended before the answer did")
        return Chunk(finish_reason=self.finish_reason, usage=self.usage, model=self.model)
