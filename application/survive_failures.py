"""A failing memory never fails a question: note what broke, and go on without it."""

from types import TracebackType

from attrs import frozen

from domain.events import EventSink, PartFailed


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
