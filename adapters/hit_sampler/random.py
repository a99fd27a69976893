"""A random share of the hits, up to so many a minute."""

from random import Random, SystemRandom

from attrs import field, frozen
from attrs.validators import and_, ge, le
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from domain.agreement import HitSampler


@frozen
class RandomHitSampler(HitSampler):
    """
    Chooses each hit with the probability *share*, 0 to 1, whatever became of the others.

    In no minute, wherever it begins, it chooses more than *per_minute*: this process alone, so workers that serve
    together divide the number among them. *period* is the minute, shorter in tests.
    """

    share: float = field(validator=and_(ge(0.0), le(1.0)))
    per_minute: int = field(validator=ge(0))
    draw: Random = field(factory=SystemRandom, repr=False)
    period: type[RateLimitItem] = RateLimitItemPerMinute
    _window: MovingWindowRateLimiter = field(init=False, repr=False)
    _ceiling: RateLimitItem = field(init=False, repr=False)

    @_window.default
    def _remembering_nothing(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(MemoryStorage())

    @_ceiling.default
    def _per_period(self) -> RateLimitItem:
        return self.period(self.per_minute)

    def chosen(self) -> bool:
        """Draw first: a hit that was not drawn counts towards nothing."""
        return self.draw.random() < self.share and self._window.hit(self._ceiling)
