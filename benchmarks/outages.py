"""How much longer a question takes while Redis or Qdrant fails, and how soon all is well again, by default settings."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median

from attrs import define, evolve, field, frozen
from figures import Effort, Figure
from progress import steps
from questions import answered, asked
from service import Service, get

from tests.behaviour.servers import Servers, shared_servers
from tests.upstream import Reply, Request, ScriptedUpstream, openai_answer

MODEL_TAKES, QUESTIONS = 0.025, 30
LATER, RECOVERED = 250.0, 5.0
REDIS, QDRANT = "the answer server", "the index server"


@frozen
class Trouble:
    """What befalls a server; *seconds* is how slowly it answers, where it does."""

    server: str
    what: str
    seconds: float = 0.0

    def __str__(self) -> str:
        name = {REDIS: "Redis", QDRANT: "Qdrant"}[self.server]
        return f"{name} {self.what}" + (f" ({self.seconds * 1000:.0f} ms)" if self.seconds else "")


TROUBLES = (
    *(Trouble(REDIS, what) for what in ("has stopped", "hangs", "has no room")),
    *(Trouble(REDIS, "answers slowly", seconds) for seconds in (0.02, 0.05, 0.09, 0.15)),
    *(Trouble(QDRANT, what) for what in ("has stopped", "hangs")),
    *(Trouble(QDRANT, "answers slowly", seconds) for seconds in (0.045, 0.15, 0.3)),
)
"""Slow servers just below and above what is put up with, and just below and above what is waited for."""


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Let everything befall the servers in turn, so many times."""
    with shared_servers() as servers, ScriptedUpstream() as upstream:
        upstream.answer(_answer)
        settings = {
            "answer_cache_kind": "redis",
            "answer_cache_hot_mb": 0,
            "vector_index_kind": "qdrant",
            "REDIS_URL": servers.settings["redis"]["url"],
            "QDRANT_URL": servers.qdrant.url,
        }
        with Service(folder / "service", upstream.url, settings) as service:
            stage = Stage(service, servers)
            stage.ask(QUESTIONS)  # and what is slow at first is over
            return [each for trouble in TROUBLES for each in stage.suffer(trouble, effort.rounds)]


@define
class Stage:
    """A service, and the servers that it rests on; every question is a new one."""

    service: Service
    servers: Servers
    _numbers: Iterator[int] = field(factory=count, init=False)

    def suffer(self, trouble: Trouble, rounds: int) -> list[Figure]:
        """Give the longest wait, less what a question takes without trouble, and the longest time to recover."""
        later, recovered, number = [], [], rounds * QUESTIONS
        for _ in steps(str(trouble), range(rounds)):
            usual = median(self.ask(QUESTIONS))
            self.servers.slow = trouble.seconds
            self.servers.trouble(trouble.server, trouble.what)
            later.append((max(self.ask(QUESTIONS)) - usual) * 1000)
            self.servers.mend()
            recovered.append(_time(self._recover))
        return [
            Figure(
                "outage", f"{trouble}: the longest of {number} questions, later by", "ms", [max(later)], at_most=LATER
            ),
            Figure("outage", f"{trouble}: as ever after", "s", [max(recovered)], at_most=RECOVERED),
        ]

    def ask(self, number: int) -> list[float]:
        """Ask so many new questions, one after the other; give the seconds that each takes."""
        return [_time(self._ask_anew) for _ in range(number)]

    def _ask_anew(self) -> None:
        word, _ = self.service.ask(asked(next(self._numbers)))
        assert word in {"miss", "semantic"}, word

    def _recover(self) -> None:
        deadline = time.perf_counter() + 4 * RECOVERED
        while not self._is_as_ever():
            assert time.perf_counter() < deadline, "it does not recover"
            time.sleep(0.02)

    def _is_as_ever(self) -> bool:
        question = asked(next(self._numbers))
        self.service.ask(question)
        return self.service.ask(question)[0] == "exact" and b'"ready"' in get(self.service.url, "/ready")[1]


def _answer(request: Request) -> Reply:
    reply = openai_answer([answered(request.question)])
    return evolve(reply, steps=(MODEL_TAKES, *reply.steps))


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
