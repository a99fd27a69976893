"""Answers in OpenAI's format while they come: chunks of a chat completion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from domain.answers import Answer
from domain.generation import Chunk
from domain.wires import OPENAI
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.json_events import data_event
from entrypoints.http.narration import COMMENT, Narration
from entrypoints.http.openai_choices import choices_of, usage_of
from entrypoints.http.openai_errors import told_as_openai

DONE = b"data: [DONE]\n\n"
Event = Mapping[str, Any]


@frozen
class Frame:
    """What all chunks of one answer have in common; *own* is that which events of the provider's do not keep."""

    own: Event
    around: Event
    tells_usage: bool

    def passed_on(self, event: Event) -> Event:
        """Give an event of the provider's as ours; usage is told in the end."""
        bare = {name: value for name, value in event.items() if name != "usage"}
        return {**bare, **self.own, **({"usage": None} if self.tells_usage else {})}

    def chunk(self, delta: Event, **choice: Any) -> Event:
        """Give a chunk that says *delta*."""
        said = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None, **choice}
        return self.passed_on({**self.around, "choices": [said]})


@define
class ChatNarration(Narration):
    """Passes the provider's own events on, but for their id and time, and makes such events of anything else."""

    frame: Frame
    accounts: Accounts
    _began: bool = field(default=False, init=False)
    _heard: bool = field(default=False, init=False)
    _ending: tuple[Event, ...] = field(default=(), init=False)

    def so_far(self, chunks: Sequence[Chunk]) -> bytes:
        """Give the events of *chunks*; a comment in a silence."""
        return b"".join([data_event(event) for each in chunks for event in self._told(each)]) if chunks else COMMENT

    def whole(self, answer: Answer) -> bytes:
        """Tell how it ended, and what was spent."""
        events = [*(self._ended() or self._ended_by(answer)), *self._usage(answer)]
        return b"".join([*map(data_event, events), DONE])

    def broken(self, error: Exception) -> bytes:
        """Tell of *error* in the provider's words."""
        return data_event(told_as_openai(error))

    def _told(self, chunk: Chunk) -> Iterator[Event]:
        own = tuple(each.body for each in chunk.wires if each.format == OPENAI)
        if own and not chunk.finish_reason:
            self._began = self._heard = True
            yield from map(self.frame.passed_on, own)
            return
        self._ending = own
        if chunk.text:
            yield from self._opening("")
            yield self.frame.chunk({"content": chunk.text})

    def _opening(self, content: str | None) -> Iterator[Event]:
        if not self._began:
            self._began = True
            yield self.frame.chunk({"role": "assistant", "content": content, "refusal": None})

    def _ended(self) -> Sequence[Event]:
        return [self.frame.passed_on(each) for each in self._ending if each.get("choices")]

    def _ended_by(self, answer: Answer) -> Iterator[Event]:
        for choice in choices_of(answer.completion):
            message = choice["message"]
            yield from self._opening(message.get("content", ""))
            rest = {name: value for name, value in message.items() if choice["index"] or name != "content"}
            if (rest or choice["logprobs"]) and not self._heard:
                yield self.frame.chunk(_indexed(rest), index=choice["index"], logprobs=choice["logprobs"])
            yield self.frame.chunk({}, index=choice["index"], finish_reason=choice["finish_reason"])

    def _usage(self, answer: Answer) -> Iterator[Event]:
        if self.frame.tells_usage:
            told = next((each for each in self._ending if each.get("usage") and not each.get("choices")), {})
            frame = self.frame.passed_on({**self.frame.around, **told, "choices": []})
            yield {**frame, "usage": usage_of(answer, self.accounts)}


def _indexed(message: Event) -> Event:
    """Number the calls of tools, as is done in a stream."""
    calls = message.get("tool_calls")
    numbered = {"tool_calls": [{"index": place, **each} for place, each in enumerate(calls)]} if calls else {}
    return {**message, **numbered}
