"""The port to time, and the stopwatch that every question carries."""

from abc import abstractmethod
from types import TracebackType
from typing import Protocol

from attrs import define, field


class Clock(Protocol):
    """Tells the time. Only adapters know where it comes from."""

    @abstractmethod
    def now(self) -> float:
        """Give the wall time in seconds since 1970; it may jump."""

    @abstractmethod
    def monotonic(self) -> float:
        """Give seconds since an arbitrary start; it never goes back."""


@define
class _Lap:
    stopwatch: "Stopwatch"
    stage: str
    began: float

    def __enter__(self) -> None:
        """Begin: the lap knows when it was made."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopwatch.add(self.stage, self.began)


@define
class Stopwatch:
    """How long each named stage of one question took, in seconds."""

    clock: Clock
    laps: dict[str, float] = field(factory=dict)
    started: float = field()
    stopped: float | None = field(default=None, init=False)

    @started.default
    def _now(self) -> float:
        return self.clock.monotonic()

    def time(self, stage: str) -> _Lap:
        """Time the body of a ``with`` statement as *stage*; a stage timed twice adds up."""
        return _Lap(self, stage, self.clock.monotonic())

    def add(self, stage: str, began: float) -> None:
        """Count what passed since *began* towards *stage*."""
        self.laps[stage] = self.laps.get(stage, 0.0) + self.clock.monotonic() - began

    def elapsed(self) -> float:
        """Give the seconds since the question came in, or those that it took."""
        return (self.clock.monotonic() if self.stopped is None else self.stopped) - self.started

    def stop(self) -> None:
        """Let no more time count: the question is answered, though its asker waits for others."""
        self.stopped = self.clock.monotonic()
