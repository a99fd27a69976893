"""A failing memory never fails a question: note what broke, and go on without it."""

from types import TracebackType

from attrs import define, field, frozen

from domain.events import Event, EventSink, PartFailed


@frozen
class Surviving:
    """
    The body of this ``with`` statement may fail, whatever the error; a cancelled question still ends.

    Use it around each call to a part of the memory, with the value to go on with behind the statement.
    """

    part: str
    events: EventSink

    def __enter__(self) -> None:
        """Begin: there is nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.events.note(PartFailed(self.part, error))
        return True


@define
class NotingOnce(EventSink):
    """Passes on what it hears; that a part failed in one way only once, however many questions suffered from it."""

    events: EventSink
    _noted: set[tuple[str, type[Exception]]] = field(factory=set, init=False)

    def note(self, event: Event) -> None:
        """Pass *event* on, unless it is known."""
        if isinstance(event, PartFailed):
            trouble = (event.part, type(event.error))
            if trouble in self._noted:
                return
            self._noted.add(trouble)
        self.events.note(event)
