"""What spares us those who fail: state machines that are told the time and never ask for it."""

from enum import StrEnum

from attrs import define, field, frozen
from attrs.validators import ge


@frozen
class Backoff:
    """
    How often somebody who fails is asked again, and after how long, in seconds.

    The first wait is *initial*, each further one twice as long, none longer than *longest*; chance adds up to *jitter*,
    so that those who failed together do not come back together. *longest_asked* is the longest wait that we accept
    where we are told when to come back.
    """

    retries: int = field(default=2, validator=ge(0))
    initial: float = field(default=0.5, validator=ge(0))
    longest: float = field(default=8.0, validator=ge(0))
    jitter: float = field(default=0.5, validator=ge(0))
    longest_asked: float = field(default=20.0, validator=ge(0))

    def accepts(self, resets_in: float | None) -> bool:
        """Tell whether asking again is worth the wait; ``None`` is that nobody said how long it is."""
        return resets_in is None or resets_in <= self.longest_asked


class State(StrEnum):
    """What a breaker lets through: all, nothing, or a single trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@define
class CircuitBreaker:
    """
    Stops asking somebody who fails, and lets a trial through after a while.

    It opens at so many *strikes* in a row. *cool_down* seconds later one call is let through: if it succeeds all may
    ask again, if it fails the wait begins anew, and if nothing is heard of it for as long, another one is let through.
    Times are in seconds, from a clock that never goes back.
    """

    strikes: int = field(validator=ge(1))
    cool_down: float = field(validator=ge(0))
    _struck: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _state: State = field(default=State.CLOSED, init=False)

    @property
    def state(self) -> State:
        """Give what it is after the last thing that happened."""
        return self._state

    def admits(self, now: float) -> bool:
        """Tell whether a call may be made; where it is the trial, nobody else's may."""
        if self._state is State.CLOSED:
            return True
        if now - self._since < self.cool_down:
            return False
        self._state, self._since = State.HALF_OPEN, now
        return True

    def succeeded(self) -> None:
        """Hear that a call went well."""
        self._state, self._struck = State.CLOSED, 0

    def left(self) -> None:
        """Hear that nothing will be heard of a call: where it was the trial, another may be made at once."""
        if self._state is State.HALF_OPEN:
            self._state, self._since = State.OPEN, float("-inf")

    def resets_in(self, now: float) -> float:
        """Give the seconds until a trial may be made; 0 where nothing keeps calls back."""
        return 0.0 if self._state is State.CLOSED else max(0.0, self._since + self.cool_down - now)

    def failed(self, now: float, strikes: int = 1) -> bool:
        """Hear that a call went wrong, and how badly; tell whether this opened a closed breaker."""
        was_closed = self._state is State.CLOSED
        self._struck = min(self._struck + strikes, self.strikes)
        if was_closed and self._struck < self.strikes:
            return False
        self._state, self._since = State.OPEN, now
        return was_closed
