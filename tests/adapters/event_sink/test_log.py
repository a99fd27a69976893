import pytest
import structlog
from structlog.testing import LogCapture

from adapters.event_sink.log import LogEventSink
from domain.errors import NotRemembered
from domain.events import QuestionFailed
from domain.generation import ModelTimedOut


@pytest.mark.parametrize(
    ("error", "level", "line"),
    [
        (NotRemembered("only-if-cached: nothing"), "info", "not remembered"),
        (ModelTimedOut("late"), "error", "question failed"),
    ],
)
def test_that_memory_alone_had_no_answer_is_no_error(error: Exception, level: str, line: str) -> None:
    captured = LogCapture()
    logger = structlog.wrap_logger(None, processors=[captured], wrapper_class=structlog.make_filtering_bound_logger(0))

    LogEventSink(logger).note(QuestionFailed("acme", "openai", "m", error, 1.0))

    assert [(each["log_level"], each["event"]) for each in captured.entries] == [(level, line)]
