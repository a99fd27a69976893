"""Receive a request: who asks, what is asked, and what memory may do."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from attrs import evolve, field, frozen
from msgspec import Raw

from application.admit_caller import AdmitCaller
from application.route_models import Routes
from domain.answers import Asking
from domain.caching import Directives
from domain.clock import Clock, Stopwatch
from domain.errors import Malformed
from domain.questions import Question
from entrypoints.http.bodies import read
from entrypoints.http.directives import directives, parse_cache_control
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.query_request import QueryRequest, to_question

NO_KEY = b"no-key-needed"
"""What clients may send that insist on a key, where none is needed; it is as good as none."""

KNOWN_QUESTIONS = 1024
KNOWN_TEXT = 1000
"""Characters of the longest question that is kept: all of them together take some 20 MB at the very worst."""


@frozen
class Reception:
    """Stands behind every door: no handler looks at a key, or believes a caller about the tenant."""

    admit: AdmitCaller
    routes: Routes
    clock: Clock
    _asked_before: Callable[[str, QueryRequest], Question] = field(init=False, repr=False, eq=False)

    @_asked_before.default
    def _remember_questions(self) -> Callable[[str, QueryRequest], Question]:
        # What is asked again, which is what we are for, need not be checked and digested again.
        return lru_cache(KNOWN_QUESTIONS)(lambda tenant, asked: to_question(tenant, asked, self.routes))

    async def tenant(self, request: LeanRequest) -> str:
        """Give the caller's tenant; raises ``KeyRefused``."""
        return await self.admit(_secret(request.raw_headers))

    async def reporter(self, request: LeanRequest) -> str:
        """Give the tenant of a caller who may report on answers and give some; raises also ``ReportRefused``."""
        return await self.admit.reporter(_secret(request.raw_headers))

    def question(self, tenant: str, asked: QueryRequest) -> Question:
        """Build the question that *tenant* asks; raises ``Malformed``."""
        # Conversations and other long texts are seldom repeated.
        long = asked.messages or len(asked.query or "") > KNOWN_TEXT
        return to_question(tenant, asked, self.routes) if long else self._asked_before(tenant, asked)

    async def asking(self, request: LeanRequest, asked: QueryRequest) -> Asking:
        """Turn a request into an asking; raises ``KeyRefused`` and ``Malformed``."""
        stopwatch = Stopwatch(self.clock)
        with stopwatch.time("admit"):
            headers = request.raw_headers
            question = self.question(await self.admit(_secret(headers)), asked)
            cache_control = parse_cache_control(request.cache_control)
            wishes = directives(cache_control, asked.use_cache, asked.ttl, asked.tags)
        return Asking(question, wishes, stopwatch)

    async def askings(self, request: LeanRequest, queries: Sequence[Raw]) -> Sequence[Asking | Malformed]:
        """
        Turn a request into many askings, or into what is wrong with each of them.

        Raises ``KeyRefused``, and ``Malformed`` where it is about all of them.
        """
        began = self.clock.monotonic()
        tenant = await self.admit(_secret(request.raw_headers))
        wishes = directives(parse_cache_control(request.cache_control), use_cache=True, ttl=None, tags=())
        askings = [self._one_of_many(tenant, each, wishes, began) for each in queries]
        for each in askings:
            if isinstance(each, Asking):
                each.stopwatch.add("admit", began)
        return askings

    def _one_of_many(self, tenant: str, query: Raw, wishes: Directives, began: float) -> Asking | Malformed:
        try:
            asked = read(bytes(query), QueryRequest)
            if asked.stream:
                raise Malformed.field("stream", "is for single questions: a batch is answered as a whole; leave it out")
            question = self.question(tenant, asked)
        except Malformed as error:
            return error
        own = evolve(wishes, use_cache=asked.use_cache, ttl=asked.ttl, tags=asked.tags)
        return Asking(question, own, Stopwatch(self.clock, started=began))


def _secret(headers: Mapping[bytes, bytes]) -> str | None:
    secret = headers.get(b"x-api-key") or _bearer(headers.get(b"authorization", b""))
    return secret.decode("latin-1") if secret and secret != NO_KEY else None


def _bearer(authorization: bytes) -> bytes:
    scheme, _, token = authorization.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
