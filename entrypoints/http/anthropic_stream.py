"""Answers in Anthropic's format while they come: the events of a message."""

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field, frozen

from domain.answers import Answer
from domain.generation import Chunk
from domain.wires import ANTHROPIC
from entrypoints.http.anthropic_blocks import Event, blocks_of, ending_of, told_in_events, usage_of
from entrypoints.http.anthropic_errors import told_as_anthropic
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.json_events import named_event
from entrypoints.http.narration import Narration

PING = named_event({"type": "ping"})
NOTHING_YET = {"input_tokens": 0, "output_tokens": 0}


@frozen
class Beginning:
    """What the first event tells."""

    number: str
    model: str
    tells_usage: bool

    def built(self) -> Event:
        """Give it where the provider has not told it."""
        message = {"id": self.number, "type": "message", "role": "assistant", "model": self.model, "content": []}
        more = {"stop_reason": None, "stop_sequence": None, "usage": NOTHING_YET}
        return {"type": "message_start", "message": {**message, **more}}

    def passed_on(self, event: Event) -> Event:
        """Give the provider's own event as ours."""
        usage: dict[str, Any] = {} if self.tells_usage or "usage" not in event else {"usage": {"output_tokens": 0}}
        if event.get("type") != "message_start":
            return {**event, **usage}
        spent = {} if self.tells_usage else {"usage": NOTHING_YET}
        return {**event, "message": {**event["message"], "id": self.number, **spent}}


@define
class MessageNarration(Narration):
    """Passes the provider's own events on, but for the id, and makes such events of anything else."""

    beginning: Beginning
    accounts: Accounts
    _began: bool = field(default=False, init=False)
    _open: int | None = field(default=None, init=False)
    _blocks: int = field(default=0, init=False)
    _ending: tuple[Event, ...] = field(default=(), init=False)

    def so_far(self, chunks: Sequence[Chunk]) -> bytes:
        """Give the events of *chunks*; a ping in a silence."""
        return b"".join([named_event(event) for each in chunks for event in self._told(each)]) if chunks else PING

    def whole(self, answer: Answer) -> bytes:
        """Tell how it ended, and what was spent."""
        ended = [self.beginning.passed_on(each) for each in self._ending] or self._ended_by(answer)
        return b"".join(map(named_event, ended))

    def broken(self, error: Exception) -> bytes:
        """Tell of *error* in the provider's words."""
        return named_event(told_as_anthropic(error))

    def _told(self, chunk: Chunk) -> Iterator[Event]:
        own = tuple(each.body for each in chunk.wires if each.format == ANTHROPIC and "type" in each.body)
        if own and not chunk.finish_reason:
            self._began = True
            for event in own:
                self._follow(event)
                yield self.beginning.passed_on(event)
            return
        self._ending = own
        if chunk.text:
            yield from self._opening()
            yield {"type": "content_block_delta", "index": self._open, "delta": _text_delta(chunk.text)}

    def _follow(self, event: Event) -> None:
        """Know which block is open, should the rest come otherwise."""
        if event["type"] == "content_block_start":
            self._open = event.get("index", 0)
            self._blocks += 1
        elif event["type"] == "content_block_stop":
            self._open = None

    def _opening(self) -> Iterator[Event]:
        if not self._began:
            self._began = True
            yield self.beginning.built()
        if self._open is None:
            self._open, self._blocks = self._blocks, self._blocks + 1
            block = {"type": "text", "text": ""}
            yield {"type": "content_block_start", "index": self._open, "content_block": block}

    def _ended_by(self, answer: Answer) -> Iterator[Event]:
        if not self._began:
            yield from self._opening()
        if self._open is not None:
            yield {"type": "content_block_stop", "index": self._open}
        yield from last_events(answer, self.accounts)


@define
class ReplayNarration(Narration):
    """Tells an answer that is whole already, block by block, as it may have come."""

    beginning: Beginning
    accounts: Accounts

    def so_far(self, chunks: Sequence[Chunk]) -> bytes:
        """Wait for the whole, which comes at once."""
        return b""

    def whole(self, answer: Answer) -> bytes:
        """Tell all of it."""
        return b"".join(map(named_event, self._events(answer)))

    def broken(self, error: Exception) -> bytes:
        """Tell of *error* in the provider's words."""
        return named_event(told_as_anthropic(error))

    def _events(self, answer: Answer) -> Iterator[Event]:
        yield self.beginning.built()
        for index, block in enumerate(blocks_of(answer.completion)):
            yield from told_in_events(index, block)
        yield from last_events(answer, self.accounts)


def last_events(answer: Answer, accounts: Accounts) -> Iterator[Event]:
    """Tell how *answer* ended."""
    usage = usage_of(answer, accounts)
    yield {"type": "message_delta", "delta": ending_of(answer.completion), "usage": usage}
    yield {"type": "message_stop"}


def _text_delta(text: str) -> Event:
    return {"type": "text_delta", "text": text}
