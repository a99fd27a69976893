"""Whether an exact hit stays as fast when a hundred times as much is remembered."""

from pathlib import Path
from random import Random

from figures import Effort, Figure, ratios
from filling import fill
from load import Asking, write_bodies
from progress import steps
from questions import asked
from service import Service

FEW, MANY, TARGET = 1_000, 100_000, 1.2


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Fill a small memory and a large one; ask both for exact hits over one connection, in turn."""
    fill(folder / "few", FEW, embedded=False)
    fill(folder / "many", MANY, embedded=False)
    spread = Asking(_shuffled(folder / "spread", MANY), connections=1)
    popular = Asking(_by_popularity(folder / "popular", MANY), connections=1)
    hot = Asking(_shuffled(folder / "hot", FEW), connections=1)
    with Service(folder / "few") as small, Service(folder / "many") as large:
        asked_for = _Rounds(effort.seconds)
        for service in (small, large):
            hot.ask(service, max(effort.seconds, 3))  # and the healing after the start ends
        for _ in steps("exact hits, 1 connection", range(effort.rounds)):
            asked_for.take("few", hot, small)
            asked_for.take("many, hot", hot, large)
            asked_for.take("many, popular", popular, large)
            asked_for.take("many, spread", spread, large)
    few, hot_of_many, popular_of_many, spread_of_many = asked_for.medians.values()
    return [
        Figure("growth", f"p50 at {MANY:,} times that at {FEW:,}, asked all over", "", ratios(spread_of_many, few),
               at_most=TARGET),
        Figure("growth", f"p50 at {MANY:,} times that at {FEW:,}, {FEW:,} of them asked", "",
               ratios(hot_of_many, few), at_most=TARGET),
        Figure("growth", f"p50 at {MANY:,} times that at {FEW:,}, asked by Zipf's law", "",
               ratios(popular_of_many, few), at_most=TARGET),
        Figure("growth", f"p50 at {FEW:,}", "ms", few),
        Figure("growth", f"p50 at {MANY:,}, asked all over", "ms", spread_of_many),
        Figure("growth", f"p50 at {MANY:,}, {FEW:,} of them asked", "ms", hot_of_many),
        Figure("growth", f"p50 at {MANY:,}, asked by Zipf's law", "ms", popular_of_many),
    ]  # fmt: skip


class _Rounds:
    """Median milliseconds by name, and where each list of questions was left off."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.medians: dict[str, list[float]] = {}
        self.places: dict[str, int] = {}

    def take(self, name: str, asking: Asking, service: Service) -> None:
        """Ask on from where the last round ended, so that what is spread never meets what it has just fetched."""
        load = asking.ask(service, self.seconds, self.places.get(name, 0)).check("exact")
        self.places[name] = self.places.get(name, 0) + load.requests
        self.medians.setdefault(name, []).append(load.p50 / 1000)


def _shuffled(path: Path, entries: int) -> Path:
    numbers = list(range(entries))
    Random(entries).shuffle(numbers)  # noqa: S311 - an order, not a secret
    return write_bodies(path, map(asked, numbers))


def _by_popularity(path: Path, entries: int) -> Path:
    """Ask the second most popular question half as often as the first, the third a third as often, and so on."""
    chances = [1 / rank for rank in range(1, entries + 1)]
    return write_bodies(path, map(asked, Random(entries).choices(range(entries), chances, k=entries)))  # noqa: S311
