"""When nobody can be asked: all have failed, or may not be asked just now."""

from collections.abc import Sequence

from domain.attempts import Tried
from domain.errors import LimitReached
from domain.generation import ModelFailed, ModelOverloaded


class ModelResting(ModelOverloaded):
    """The provider failed too often of late, and is not asked for *resets_in* seconds."""


class ModelThrottled(LimitReached, ModelOverloaded):
    """We have asked the provider as often as we may, and as many wait already as may; come back in *resets_in*."""

    resets_in: float

    def __init__(self, message: str, resets_in: float) -> None:
        super().__init__(message, resets_in)
        self.resets_in = resets_in  # the other family does not know it when it is left out


class NoModelAnswered(ModelFailed):
    """All who were asked failed; *tried* says who and why, the message too, a line for each."""

    def __init__(self, tried: Sequence[Tried], resets_in: float | None = None) -> None:
        self.tried, self.resets_in = tuple(tried), resets_in
        super().__init__("\n".join(["no model answered", *map(str, tried)]))
