"""What happens on the way to a model: trials, detours, and waiting for one's turn."""

from attrs import frozen


@frozen
class ModelRetried:
    """A model failed before it said anything, and is asked once more after *seconds*."""

    provider: str
    model: str
    error: Exception
    seconds: float


@frozen
class ModelFellBack:
    """A provider failed before it said anything, and *heir* is asked in its stead."""

    provider: str
    model: str
    error: Exception
    heir: str


@frozen
class BreakerOpened:
    """A model failed so often in a row that it is not asked for *seconds*."""

    provider: str
    model: str
    seconds: float


@frozen
class BreakerClosed:
    """A model that had been left alone answers again."""

    provider: str
    model: str


@frozen
class CallQueued:
    """A call had to wait for its turn for *seconds*, because of the limits of its provider; *admitted*, or refused."""

    provider: str
    seconds: float
    admitted: bool


CallEvent = ModelRetried | ModelFellBack | BreakerOpened | BreakerClosed | CallQueued
