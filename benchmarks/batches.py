"""What 256 questions cost in one request, beside 256 requests: exact hits, and semantic ones."""

import http.client
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec
from attrs import define, frozen
from figures import Effort, Figure, ratios
from filling import fill
from load import Asking, Load, write_bodies
from processes import processor_seconds
from progress import steps
from questions import WORDINGS, asked, reworded
from semantic_hit import GENEROUS
from service import ALL_CORES, CLIENT_CORES, Service

ENTRIES, SIZE, CONNECTIONS = 1_000, 256, 32
EXACT_TARGET, SEMANTIC_TARGET = 2.0, 1.5


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Fill a memory, and ask the same questions one by one and in batches, in turn."""
    fill(folder / "data", ENTRIES)
    pairs = [(number, wording) for wording in range(len(WORDINGS)) for number in range(ENTRIES)]
    same = list(map(asked, range(ENTRIES)))
    other_words = [reworded(*each) for each in pairs]
    with Service(folder / "data", settings=GENEROUS) as service:
        exact = compare(service, "exact", write_bodies(folder / "same", same), same, effort)
        semantic = compare(service, "semantic", write_bodies(folder / "others", other_words), other_words, effort)
    return [*tell("exact", exact, EXACT_TARGET), *tell("semantic", semantic, SEMANTIC_TARGET)]


@frozen
class Batches:
    """What came of some batches; *seconds* holds how long each took, *processor* what the service spent on all."""

    seconds: Sequence[float]
    processor: float

    @property
    def rate(self) -> float:
        """Give the questions a second."""
        return SIZE * len(self.seconds) / sum(self.seconds)

    @property
    def cost(self) -> float:
        """Give the microseconds of processor time for a question."""
        return self.processor / (SIZE * len(self.seconds)) * 1e6


@frozen
class Round:
    """One turn of all: one after the other, many at a time, and in batches."""

    alone: Load
    crowd: Load
    batches: Batches


def compare(service: Service, word: str, bodies: Path, questions: Sequence[str], effort: Effort) -> list[Round]:
    """Ask all three ways in turn; the first round warms up and does not count."""
    batching = Batching(service, word, cycle(questions))
    rounds = [
        Round(
            Asking(bodies, 1).ask(service, effort.seconds).check(word),
            Asking(bodies, CONNECTIONS).ask(service, effort.seconds).check(word),
            batching.ask(effort.seconds),
        )
        for _ in steps(f"batches of {word} hits", range(effort.rounds + 1))
    ]
    return rounds[1:]


@define
class Batching:
    """Asks in batches over one connection, from the client's core, and insists on hits."""

    service: Service
    word: str
    questions: Iterator[str]

    def ask(self, seconds: float) -> Batches:
        """Ask one batch after the other for so long."""
        os.sched_setaffinity(0, CLIENT_CORES)
        before, took = processor_seconds(self.service.process), list[float]()
        connection = http.client.HTTPConnection(self.service.url.removeprefix("http://"), timeout=60)
        while sum(took) < seconds:
            took.append(timed(lambda: self._ask_once(connection)))
        connection.close()
        os.sched_setaffinity(0, ALL_CORES)
        return Batches(took, processor_seconds(self.service.process) - before)

    def _ask_once(self, connection: http.client.HTTPConnection) -> None:
        queries = [{"query": each} for each in islice(self.questions, SIZE)]
        headers = {"Content-Type": "application/json", "X-API-Key": self.service.key}
        connection.request("POST", "/api/v1/queries", msgspec.json.encode({"queries": queries}), headers)
        body = connection.getresponse().read()
        assert body.count(b'"cache":"%b"' % self.word.encode()) == SIZE, body[:1000]


def timed(work: Callable[[], None]) -> float:
    """Give the seconds that *work* takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def tell(word: str, rounds: Sequence[Round], target: float) -> list[Figure]:
    """Give the figures."""
    name, batches = "batch", [each.batches for each in rounds]
    rates, costs = [each.rate for each in batches], [each.cost for each in batches]
    crowd, alone = [each.crowd.rate for each in rounds], [each.alone.rate for each in rounds]
    dear = [each.crowd.cost for each in rounds]
    one_by_one = [SIZE / each * 1000 for each in alone]
    whole = [sum(each.seconds) / len(each.seconds) * 1000 for each in batches]
    several = f"{CONNECTIONS} connections"
    return [
        Figure(name, f"{word} hits a second in batches of {SIZE}, to single requests over {several}", "",
               ratios(rates, crowd), at_least=target),
        Figure(name, f"{word} hits: processor time of a single request to that of one in a batch", "",
               ratios(dear, costs)),
        Figure(name, f"{SIZE} {word} hits one after the other, times one batch of them", "", ratios(one_by_one, whole)),
        Figure(name, f"{word} hits in batches", "questions/s", rates),
        Figure(name, f"{word} hits, single requests over {several}", "requests/s", crowd),
        Figure(name, f"{word} hit in a batch, processor time", "us/question", costs),
        Figure(name, f"a batch of {SIZE} {word} hits, mean", "ms", whole),
    ]  # fmt: skip
