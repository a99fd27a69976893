import logging

import pytest

from adapters.event_sink.fan_out import FanOut
from domain.events import AnswersRemoved, Event, EventSink
from tests.doubles import RecordingEvents


class Broken(EventSink):
    def note(self, event: Event) -> None:
        raise RuntimeError("sk-secret")


def test_every_sink_hears_every_event_in_order() -> None:
    one, two = RecordingEvents(), RecordingEvents()

    for entries in (1, 2):
        FanOut([one, two]).note(AnswersRemoved("purge", entries))

    assert one.events == two.events == [AnswersRemoved("purge", 1), AnswersRemoved("purge", 2)]


def test_a_broken_sink_does_not_keep_events_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    healthy = RecordingEvents()
    sinks = FanOut([Broken(), healthy, Broken()])

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            sinks.note(AnswersRemoved("purge", 1))

    assert len(healthy.events) == 3
    assert [record.getMessage() for record in caplog.records] == ["Broken failed: RuntimeError"] * 2
