"""Receive a request in another format than ours, and answer it in that format."""

import secrets
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from attrs import field, frozen
from litestar import Response

from application.answer_question import AnswerQuestion
from application.apologise import Apologising
from application.fall_back import BETWEEN
from application.route_models import Route
from application.tell_answers import TellAnswer, Telling
from domain.answers import Answer, Asking
from domain.clock import Stopwatch
from domain.errors import Malformed
from domain.generation import Completion
from domain.prompts import Message
from domain.questions import Question
from domain.wires import Wire
from entrypoints.http.answer_headers import headers_of, headers_so_far
from entrypoints.http.bodies import check_kind
from entrypoints.http.conversations import only_one_format_says, title
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.narration import Narration
from entrypoints.http.presence import Attended
from entrypoints.http.reception import Reception
from entrypoints.http.replies import RawHeader, Reply
from entrypoints.http.streaming import EventStream
from entrypoints.http.wishes import Wishes, wishes_in

KNOWN_REQUESTS = 1024
KNOWN_BODY = 4_000
"""Bytes of the longest body that is kept as it was read: all of them together take some 20 MB."""


@frozen
class Sender:
    """Who sends a request, what they wish of us, and what is not settled yet of their format they want."""

    tenant: str
    wishes: Wishes
    beta: str = ""


@frozen
class Asked:
    """
    What a request comes to.

    *streams*: the answer is to be told as it comes; *tells_usage*: and its tokens with it. What memory cannot *keep*
    goes past it.
    """

    question: Question
    streams: bool = False
    tells_usage: bool = True
    keep: bool = True


@frozen
class Said:
    """
    What a request in the wire format *format* says.

    *literal*: only the very same request is the same question. *handling* is how the provider shall handle it.
    """

    format: str
    messages: tuple[Message, ...]
    parameters: dict[str, object]
    literal: bool
    handling: Wire | None


def question_of(sender: Sender, route: Route, said: Said) -> Question:
    """Give the question that *said* comes to; where all formats can say it, it is the same in all of them."""
    return Question(
        tenant=sender.tenant,
        text=title(said.messages) if said.literal else said.messages[-1].content,
        provider=route.provider,
        model=route.model,
        namespace=sender.wishes.namespace or "",
        history=said.messages if said.literal else said.messages[:-1],
        parameters=said.parameters,
        literal=said.literal,
        format=said.format if only_one_format_says(said.messages, said.parameters) else "",
        handling=said.handling,
    )


class Manner(Protocol):
    """How a door tells answers. *number* makes an answer's id its own, *created* is in seconds since 1970."""

    @abstractmethod
    def body(self, answer: Answer, number: str, created: int) -> Mapping[str, Any]:
        """Give a whole answer."""

    @abstractmethod
    def narration(self, asked: Asked, telling: Telling, number: str, created: int) -> Narration:
        """Give the one who tells an answer as it comes."""


@frozen
class ForeignReception:
    """Receives requests of one format, which *read* understands: it raises ``Malformed`` where there is nothing to."""

    reception: Reception
    read: Callable[[Sender, bytes], Asked]
    _read_before: Callable[[Sender, bytes], Asked] = field(init=False, repr=False, eq=False)

    @_read_before.default
    def _remember_requests(self) -> Callable[[Sender, bytes], Asked]:
        return lru_cache(KNOWN_REQUESTS)(self.read)  # as in ``Reception``

    async def __call__(self, request: LeanRequest) -> tuple[Asked, Asking]:
        """Turn a request into an asking; raises ``KeyRefused`` and ``Malformed``."""
        stopwatch = Stopwatch(self.reception.clock)
        with stopwatch.time("admit"):
            sender = _sender(await self.reception.tenant(request), request.raw_headers)
            check_kind(request.scope["headers"])
            asked = self._asked(sender, await request.body())
            wishes = sender.wishes.directives(request.cache_control, asked.keep)
        return asked, Asking(asked.question, wishes, stopwatch)

    def _asked(self, sender: Sender, body: bytes) -> Asked:
        try:
            return (self._read_before if len(body) <= KNOWN_BODY else self.read)(sender, body)
        except RecursionError as error:  # it could be read, but not be written again
            raise Malformed.field("body", "is nested too deeply") from error


@frozen
class ForeignDoor:
    """Answers requests of one format."""

    receive: ForeignReception
    answer: AnswerQuestion | Apologising
    tell: TellAnswer
    attended: Attended
    manner: Manner

    async def __call__(self, request: LeanRequest) -> Response[Any]:
        """Answer from memory when we can, from a model when we must."""
        asked, asking = await self.receive(request)
        number, created = secrets.token_hex(12), int(self.receive.reception.clock.now())
        if asked.streams:
            telling = await self.attended(request.receive, self.tell(asking))
            narration = self.manner.narration(asked, telling, number, created)
            return EventStream(telling, _headers_so_far(asking, telling), narration)
        answer = await self.attended(request.receive, self.answer(asking))
        return Reply(self.manner.body(answer, number, created), _headers(asking, answer))


def _sender(tenant: str, headers: Mapping[bytes, bytes]) -> Sender:
    return Sender(tenant, wishes_in(headers), headers.get(b"anthropic-beta", b"").decode("latin-1"))


def model_asked(asked: Asked) -> str:
    """Name the model that was asked for; where several may answer, the first one's."""
    return asked.question.model.partition(BETWEEN)[0]


def said_in(wire_format: str, completion: Completion) -> Mapping[str, Any]:
    """Give what the response of *completion* held besides its text, if it was in *wire_format*; else nothing."""
    extras = completion.extras
    return extras.body if extras and extras.format == wire_format else {}


def _headers_so_far(asking: Asking, telling: Telling) -> Sequence[RawHeader]:
    return _headers(asking, telling.whole) if telling.whole else headers_so_far(asking, telling)


def _headers(asking: Asking, answer: Answer) -> Sequence[RawHeader]:
    """Say in headers what ``cache_info`` has no place for in another format."""
    headers = [*headers_of(asking, answer), (b"x-ragboost-reason", answer.reason.encode())]
    headers.append((b"x-ragboost-provider", answer.completion.provider.encode()))
    if answer.source:
        headers.append((b"x-ragboost-entry", answer.source.fingerprint.encode()))
        headers.append((b"x-ragboost-tokens-saved", b"%d" % answer.completion.usage.total))
    return headers
