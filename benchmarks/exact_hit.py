"""How many exact hits a second over HTTP, beside a bare handler that takes and gives the same JSON."""

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen
from figures import Effort, Figure, ratios
from load import Asking, Load, write_bodies
from progress import steps
from questions import answered, asked
from service import Plain, Service

from tests.upstream import ScriptedUpstream, openai_answer

QUESTIONS, CONNECTIONS, TARGET = 100, 32, 0.60


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Remember some answers by asking, then load the bare handler and the service in turn."""
    with ScriptedUpstream() as upstream:
        upstream.answer(lambda request: openai_answer([answered(request.question)]))
        with Service(folder / "data", upstream.url) as service:
            response = remember(service)
            sample = folder / "response.json"
            sample.write_bytes(response)
            bodies = write_bodies(folder / "bodies", map(asked, range(QUESTIONS)))
            with Plain("floor.py", [str(sample)]) as floor:
                rounds = compare(floor, service, Asking(bodies, CONNECTIONS), effort)
            check_books(service, rounds)
            assert len(upstream.requests) == QUESTIONS, "a model was asked during the load"
    return tell(rounds)


@frozen
class Round:
    """One turn of both."""

    bare: Load
    ours: Load


def remember(service: Service) -> bytes:
    """Ask every question once, and again; give a hit as it is sent."""
    for number in range(QUESTIONS):
        word, _ = service.ask(asked(number), "no-cache")
        assert word == "miss", word
    word, body = service.ask(asked(0))
    assert word == "exact", word
    return body


def compare(floor: Plain, service: Service, asking: Asking, effort: Effort) -> list[Round]:
    """Load both in turn; the first round warms up and does not count."""
    rounds = [
        Round(asking.ask(floor, effort.seconds).check("none"), asking.ask(service, effort.seconds).check("exact"))
        for _ in steps(f"exact hits, {CONNECTIONS} connections", range(effort.rounds + 1))
    ]
    return rounds[1:]


def check_books(service: Service, rounds: Sequence[Round]) -> None:
    """See that metrics and log tell of every request."""
    sent = sum(each.ours.requests for each in rounds)
    assert service.counted("exact_hit") > sent, "the metrics miss some"
    assert service.logged("exact_hit") > sent, "the log misses some"


def tell(rounds: Sequence[Round]) -> list[Figure]:
    """Give the figures."""
    bare, ours = [each.bare.rate for each in rounds], [each.ours.rate for each in rounds]
    cheap, dear = [each.bare.cost for each in rounds], [each.ours.cost for each in rounds]
    return [
        Figure("exact hit", "of a bare handler's requests a second", "", ratios(ours, bare), at_least=TARGET),
        Figure("exact hit", "the same by processor time, which busy neighbours disturb less", "", ratios(cheap, dear)),
        Figure("exact hit", "the bare handler", "requests/s", bare),
        Figure("exact hit", f"RAGBoost, {CONNECTIONS} connections", "requests/s", ours),
        Figure("exact hit", "the bare handler, processor time", "us/request", cheap),
        Figure("exact hit", "RAGBoost, processor time", "us/request", dear),
        Figure("exact hit", "RAGBoost, p50", "ms", [each.ours.p50 / 1000 for each in rounds]),
        Figure("exact hit", "the bare handler, p99", "ms", [each.bare.p99 / 1000 for each in rounds]),
        Figure("exact hit", "RAGBoost, p99", "ms", [each.ours.p99 / 1000 for each in rounds]),
    ]
