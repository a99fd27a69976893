"""Several sinks as one."""

import logging
from collections.abc import Sequence

from attrs import field, frozen

from domain.events import Event, EventSink

_log = logging.getLogger(__name__)


@frozen
class FanOut(EventSink):
    """
    Hands every event to each of *sinks*, in order.

    A sink that breaks its promise and fails is passed over; the first failure of each is logged, so that
    neither the question nor the log suffers.
    """

    sinks: Sequence[EventSink]
    _complained: set[int] = field(factory=set, init=False, repr=False, eq=False)

    def note(self, event: Event) -> None:
        """Tell all of them."""
        for place, sink in enumerate(self.sinks):
            try:
                sink.note(event)
            except Exception as error:  # noqa: BLE001 - the port: a sink never fails
                self._complain(place, error)

    def _complain(self, place: int, error: Exception) -> None:
        if place not in self._complained:
            self._complained.add(place)
            _log.error("%s failed: %s", type(self.sinks[place]).__name__, type(error).__name__)
