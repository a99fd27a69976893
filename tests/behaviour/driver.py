"""
What a customer can do, in a customer's words. This driver goes through the HTTP door; steps know nothing of that.

A driver for another door needs the same methods, and the features stay as they are.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import date
from http import HTTPStatus
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

from attrs import define, evolve, field, frozen
from httpx import ASGITransport, AsyncClient, Response

from domain.metering import Consumption, Period
from entrypoints.cli.client import ServiceRefused
from entrypoints.cli.warm import Warming
from entrypoints.cli.warm_lines import read_warm_file
from tests.behaviour.foreign import FORMATS, Asking, understood
from tests.behaviour.hearing import Listener
from tests.behaviour.moving import another_service, restore_memory, save_memory
from tests.behaviour.servers import Servers
from tests.entrypoints.http.service import QUERY, Service, WatchedFlights
from tests.upstream import Reply as UpstreamReply
from tests.upstream import Request, ScriptedUpstream, anthropic_answer, openai_answer, openai_failure

US = "Acme"
"""Who asks where a sentence names nobody."""

KINDS = {"exact": "exact hit", "semantic": "semantic hit", "stale": "stale hit"}
TROUBLES = {
    400: "the question must be changed",
    401: "you are not known",
    403: "you may not report",
    404: "there is no such entry",
    503: "the model did not answer",
    504: "memory has no answer",
}
WISHES = {"fresh": "no-cache", "unremembered": "no-store", "memory_only": "only-if-cached", "however_old": "max-stale"}
PATIENCE = 10.0
UNAVAILABLE = 503
WHILE = 0.2


@frozen
class Reply:
    """What an asker got: an answer with its history, or a trouble in words."""

    text: str = ""
    kind: str = "model"
    reason: str = ""
    matched: str | None = None
    similarity: float | None = None
    probability: float | None = None
    differences: Sequence[str] = ()
    entry: str | None = None
    age: float | None = None
    tokens: int = 0
    tokens_saved: int = 0
    bill: Mapping[str, Any] = field(factory=dict)
    trouble: str | None = None
    waited: float = 0.0
    refusal: str = ""
    tool: str = ""


@frozen
class WarmUp:
    """What became of lines that were handed in, or the trouble that kept all of them out."""

    tally: Mapping[str, int] = field(factory=dict)
    said: Sequence[str] = ()
    trouble: str | None = None


@define(eq=False)
class Driver:
    """One customer's view of a service, and the strings behind the scene: time, the model, parts that break."""

    service: Service
    upstream: ScriptedUpstream
    flights: WatchedFlights
    servers: Servers | None = None
    gate: threading.Event = field(factory=threading.Event)
    waiting: list["Future[Reply]"] = field(factory=list)
    listeners: list[Listener] = field(factory=list)
    _asked_before: int = 0
    _keys: dict[str, Mapping[str, str]] = field(factory=dict)
    _names: dict[str, str] = field(factory=dict)
    _left_behind: ExitStack = field(factory=ExitStack)
    _folder: Path = field(init=False)
    _people: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(64))

    def __attrs_post_init__(self) -> None:
        self._folder = Path(self._left_behind.enter_context(TemporaryDirectory()))

    # What customers do

    def ask(self, question: str, who: str = US, **wishes: Any) -> Reply:
        """Ask; *wishes* are fields of the question, or what is wanted of memory."""
        headers = self._headers(who, wishes)
        before = wishes.pop("before", None)
        asked = {"query": question} if before is None else {"messages": [*before, _turn("user", question)]}
        began = time.monotonic()
        response = self.service.client.post(QUERY, json={**asked, **wishes}, headers=headers)
        return evolve(_reply(response), waited=time.monotonic() - began)

    def ask_as(self, asking: Asking, question: str) -> Reply:
        """Ask as a client of a provider's does."""
        spoken = FORMATS[asking.client]
        headers = {**self.key(US), "x-ragboost-provider": asking.provider.lower()}
        response = self.service.client.post(spoken.path, json=asking.body(question), headers=headers)
        told = understood(spoken, response)
        word, trouble = response.headers.get("x-ragboost-cache", ""), TROUBLES.get(response.status_code)
        return Reply(
            told.text,
            KINDS.get(word, "model"),
            tokens=told.tokens,
            tool=told.tool,
            refusal=told.refusal,
            trouble=trouble,
        )

    def ask_many(self, *questions: str, who: str = US, **wishes: Any) -> list[Reply]:
        """Ask all in one go."""
        headers = self._headers(who, wishes)
        results = self.service.ask_many(*({"query": each, **wishes} for each in questions), headers=headers).json()
        return [_told(each["status"], each.get("cache", ""), each) for each in results["results"]]

    def ask_many_and_wait(self, *questions: str, at_least: int, who: str = US) -> tuple[int, list[Reply]]:
        """Ask all in one go; give how much the model heard before it went on, and all answers."""
        before = len(self.upstream.requests)
        self.key(who)
        asking = self._people.submit(self.ask_many, *questions, who=who)
        self._wait_until(lambda: len(self.upstream.requests) >= before + at_least)
        time.sleep(WHILE)
        heard = len(self.upstream.requests) - before
        self.gate.set()
        return heard, asking.result(PATIENCE)

    def ask_together(self, *askings: Mapping[str, Any]) -> list[Reply]:
        """Ask all at once; the model answers when everyone is waiting."""
        self._send_off(askings)
        self._wait_until(lambda: self._everyone_waits(len(askings)))
        return self.hear()

    def start_asking(self, question: str) -> None:
        """Ask, and go on without waiting for the answer."""
        self._send_off([{"question": question}])
        self._wait_until(lambda: self._everyone_waits(1))

    def listen(self, question: str, who: str = US) -> None:
        """Ask, and go on when the first words have come; who listens hears the rest meanwhile."""
        listener = Listener(TROUBLES)
        self.listeners.append(listener)
        listener.start(self.service, question, self.key(who))
        self._wait_until(lambda: bool(listener.pieces) or listener.listening.done())

    def hear_out(self) -> None:
        """Let the model go on, and all listeners hear the end."""
        self.gate.set()
        for each in self.listeners:
            each.listening.result(PATIENCE)

    def hear(self) -> list[Reply]:
        """Let the model go on, and give all answers that are still waited for."""
        self.gate.set()
        heard = [each.result(PATIENCE) for each in self.waiting]
        self.waiting.clear()
        return heard

    def remembers(self, question: str, who: str = US, **wishes: Any) -> str | None:
        """Give the answer that memory would give, changing nothing and asking no model."""
        reply = self.ask(question, who, memory_only=True, **wishes)
        return None if reply.trouble else reply.text

    def purge(self, who: str = US, **selection: Any) -> int:
        """Purge what *selection* names, or all; give how many answers are gone, or would be."""
        return int(self.service.purge(self.key(who), **(selection or {"all": True})).json()["entries"])

    def try_to_purge(self) -> Reply:
        """Purge all, if that can be done."""
        reply = self.service.purge(self.key(US))
        return Reply(trouble="it could not be done") if reply.status_code == UNAVAILABLE else Reply()

    def purge_entry(self, entry: str, who: str = US) -> Reply:
        """Purge one answer."""
        reply = self.service.client.delete(f"/api/v1/cache/entries/{entry}", headers=self.key(who))
        return _reply(reply) if reply.is_error else Reply()

    def look_at(self, entry: str, who: str = US) -> Reply:
        """Look at one remembered answer."""
        reply = self.service.entry(entry, self.key(who))
        return _reply(reply) if reply.is_error else Reply(text=reply.json()["response"])

    def count(self, who: str = US) -> int:
        """Tell how many answers are remembered for this customer."""
        return int(self.service.client.get("/api/v1/cache/stats", headers=self.key(who)).json()["entries"])

    def may_answer_alike(self, stored: str, asked: str) -> bool:
        """Tell what would be decided about two questions."""
        pairs = {"pairs": [{"stored": stored, "asked": asked}]}
        reply = self.service.client.post("/api/v1/cache/judge", json=pairs, headers=self.key(US))
        return bool(reply.json()["verdicts"][0]["hit"])

    def warm_up(self, lines: Sequence[Mapping[str, str]], who: str = US, replace: bool = False) -> WarmUp:
        """Have answers remembered, and questions asked that come without."""
        with NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("".join(f"{json.dumps(each)}\n" for each in lines))
            file.flush()
            with self.service.client.portal() as portal:
                return portal.call(self._warm_up, Path(file.name), self.key(who), replace)

    def save(self) -> None:
        """Save all that is remembered."""
        save_memory(self.service, self._folder / "memory")

    def restore_here(self) -> None:
        """Restore what was saved where it came from."""
        restore_memory(self.service, self._folder / "memory")

    def restore_elsewhere(self) -> None:
        """Restore what was saved in another service, which is asked from now on."""
        elsewhere = another_service(self.service, self._folder)
        self.service, self.flights = self._left_behind.enter_context(elsewhere)
        for who, name in self._names.items():
            self._keys[who] = {"x-api-key": self.service.create_key(name).secret}
        self.pass_time(2)
        self.restore_here()

    def report(self, entry: str, question: str, correct: bool, who: str = US) -> Reply:
        """Say that the answer of *entry* was right, or wrong, as an answer to *question*."""
        reply = self.service.report(entry, question, correct, self.key(who))
        return _reply(reply) if reply.is_error else Reply()

    def quality(self, who: str = US) -> Mapping[str, Any]:
        """Give the report on what was asked outside of all namespaces."""
        (report,) = self.service.quality(self.key(who), namespace="").json()["namespaces"]
        return dict(report)

    def books(self, who: str = US) -> Consumption:
        """Give what is booked for this customer, all days together."""
        self.key(who)
        container = self.service.container
        with self.service.client.portal() as portal:
            portal.call(container.keep_accounts().save)
            return portal.call(container.report_usage(), Period(date.min, date.max), self._names[who]).total

    def complaints(self) -> list[str]:
        """Give the parts that the service says are away."""
        found = self.service.client.get("/ready").json()["dependencies"]
        return [each["name"] for each in found if not each["alive"]]

    def key(self, who: str) -> Mapping[str, str]:
        """Give the customer's key; each example has customers of its own, who share nothing with earlier ones."""
        if who not in self._keys:
            self._names[who] = f"{who}-{time.monotonic_ns()}"
            self._keys[who] = {"x-api-key": self.service.create_key(self._names[who]).secret}
        return self._keys[who]

    def may_not_report(self, who: str) -> None:
        """Let *who* come with a key that may not report on answers."""
        tenant = self.service.create_key(f"{self._names[who]}-reader", self._names[who], may_report=False)
        self._keys[who] = {"x-api-key": tenant.secret}

    def give_key(self, who: str, secret: str | None) -> None:
        """Let *who* come with a key of this text, or with none."""
        self._keys[who] = {"x-api-key": secret} if secret else {}

    def revoke_key(self, who: str) -> None:
        """Take the customer's key back."""
        self.service.revoke_key(self._names[who])

    # What happens around them

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.service.clock.advance(seconds)

    def model_answers(self, make: Callable[[str], UpstreamReply] = openai_answer) -> None:
        """Let the model answer "Answer 1.", "Answer 2." and so on."""

        def answer(request: Request) -> UpstreamReply:
            spoken = anthropic_answer if request.path == "/v1/messages" else make
            return spoken(f"Answer {len(self.upstream.requests)}.", model=request.json["model"])  # type: ignore[call-arg]

        self.upstream.answer(answer)

    def model_takes_its_time(self, after: int = 0) -> None:
        """Let the model wait until everyone has asked, *after* so many pieces of its answer."""
        self.gate.clear()
        self.model_answers(lambda text, model: openai_answer(text, model=model).held(self.gate, after))  # type: ignore[misc]

    def model_replies(self, reply: UpstreamReply) -> None:
        """Let the model always do this."""
        self.upstream.answer(lambda _: reply)

    def model_is_down(self) -> None:
        """Let the model fail."""
        self.model_replies(openai_failure(500))

    def model_was_asked(self) -> int:
        """Count the calls of the model, once all that are under way have ended."""
        self.gate.set()
        self._wait_until(lambda: self.flights.under_way == 0)
        return len(self.upstream.requests)

    def model_heard(self) -> Any:
        """Give what the model was last asked."""
        return self.upstream.requests[-1].json

    def break_part(self, part: str) -> None:
        """Let a part fail whatever it is asked."""
        self.service.parts[part].trouble = OSError("no space left on device")

    def mend(self, part: str) -> None:
        """Let it work again."""
        self.service.parts[part].trouble = None

    def trouble(self, server: str, what: str) -> None:
        """Let something happen to a server."""
        assert self.servers
        self.servers.trouble(server, what)

    def mend_servers(self) -> None:
        """Have all servers work as they should."""
        if self.servers:
            self.servers.mend()

    def soon(self, condition: Callable[[], bool]) -> bool:
        """Tell whether *condition* comes true before long."""
        with suppress(TimeoutError):
            self._wait_until(condition)
        return condition()

    def close(self) -> None:
        """Leave nothing behind."""
        self.gate.set()
        self._people.shutdown()
        self._wait_until(lambda: self.flights.under_way == 0)
        for part in self.service.parts:
            self.mend(part)
        if self.servers and self.servers.in_trouble:
            self.mend_servers()
            self._wait_until(lambda: self.complaints() == [])
        self._left_behind.close()

    async def _warm_up(self, file: Path, headers: Mapping[str, str], replace: bool) -> WarmUp:
        said: list[str] = []
        warming = Warming(said.append, replace)
        transport = ASGITransport(self.service.client.app)  # type: ignore[arg-type]
        async with AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            try:
                await warming(read_warm_file(file, {}), client)
            except ServiceRefused as refused:
                return WarmUp(trouble=TROUBLES.get(refused.status or 0))
        return WarmUp(warming.tally, said)

    def _send_off(self, askings: Iterable[Mapping[str, Any]]) -> None:
        self.flights.joined, self._asked_before = 0, len(self.upstream.requests)
        for each in askings:
            self.key(each.get("who", US))  # customers have their keys before they ask
        self.waiting += [self._people.submit(self.ask, **each) for each in askings]

    def _everyone_waits(self, number: int) -> bool:
        served = all(each.done() for each in self.waiting)
        asked = len(self.upstream.requests) - self._asked_before
        return served or self.flights.joined >= number or asked >= number

    def _headers(self, who: str, wishes: dict[str, Any]) -> Mapping[str, str]:
        """Take what is wanted of memory out of *wishes*."""
        said = {name: wishes.pop(name) for name in WISHES if name in wishes}
        control = [WISHES[name] for name in said]
        if "max_age" in wishes:
            control.append(f"max-age={wishes.pop('max_age')}")
        return {**self.key(who), "cache-control": ", ".join(control)}

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("what was waited for did not happen")
            time.sleep(0.002)


def conversation(topic: str) -> Sequence[Mapping[str, str]]:
    """Give what was said before."""
    return [_turn("user", f"Let us talk about {topic}."), _turn("assistant", f"What about {topic}?")]


def instruction(text: str) -> Sequence[Mapping[str, str]]:
    """Give an instruction that stands before the question."""
    return [_turn("system", text)]


def _turn(role: str, text: str) -> Mapping[str, str]:
    return {"role": role, "content": text}


def _reply(response: Response) -> Reply:
    return _told(response.status_code, response.headers.get("x-ragboost-cache", ""), response.json())


def _told(status: int, word: str, body: Any) -> Reply:
    if status >= HTTPStatus.BAD_REQUEST:
        assert status in TROUBLES, body
        return Reply(kind="none", trouble=TROUBLES[status])
    info = body["cache_info"]
    return Reply(
        text=body["response"],
        kind=KINDS.get(word, "model"),
        reason=info["reason"],
        matched=info["matched_query"],
        similarity=info["similarity_score"],
        probability=info["probability"],
        differences=info["differences"],
        entry=info["entry_id"],
        age=info["age_seconds"],
        tokens=body["usage"]["total"],
        tokens_saved=info["tokens_saved"],
        bill=body["bill"],
    )
