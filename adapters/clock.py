"""The system's clock."""

import time

from domain.clock import Clock


class SystemClock(Clock):
    """Wall time and monotonic time as the operating system gives them."""

    def now(self) -> float:
        """Give ``time.time()``."""
        return time.time()

    def monotonic(self) -> float:
        """Give ``time.perf_counter()``, the finest clock there is."""
        return time.perf_counter()
