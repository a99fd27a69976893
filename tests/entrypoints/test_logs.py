import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import structlog
from attrs import evolve
from pydantic import SecretStr
from structlog.typing import FilteringBoundLogger

from adapters.event_sink.log import LogEventSink
from domain.answers import Origin, Reason
from domain.events import AnswerServed, Event, ModelCalled, ModelCallFailed, PartFailed, QuestionFailed
from domain.generation import FinishReason
from domain.pricing import Bill
from domain.tokens import TokenUsage
from entrypoints.logs import TALKATIVE, FlushedTogether, configure_logging, request_id
from entrypoints.settings import Log, OpenAI, Settings

QUESTION = "Who is the mole in accounting?"
SECRETS = ("sk-proj-abcDEF123456", "rb_0123456789abcdef", "bob@example.com", "eyJhbGci.token", "a key of its own form")
ENVIRONMENTS = ["development", "production"]


class Output(io.TextIOWrapper):
    """Standard output that can be read again."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def configure(output: Output) -> Iterator[Callable[..., FilteringBoundLogger]]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}

    def configure(environment: str = "production", **log: object) -> FilteringBoundLogger:
        root.handlers.clear()  # pytest's own would be closed
        settings = Settings.model_validate(
            {
                "environment": environment,
                "log": Log.model_validate(log),
                "openai": OpenAI(api_key=SecretStr(SECRETS[-1])),
            }
        )
        return configure_logging(settings, output)

    yield configure
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


Configure = Callable[..., FilteringBoundLogger]


def served(question: str = QUESTION, origin: Origin = Origin.SEMANTIC_HIT) -> AnswerServed:
    return AnswerServed("acme", origin, Reason.SIMILAR, "openai", "m", 0.0003, {"search": 0.0001}, question)


def refused() -> Exception:
    class BadRequestError(Exception):
        status_code = 400
        code = "content_filter"

    error = RuntimeError(f"BadRequestError: {QUESTION}")
    error.__cause__ = BadRequestError(f"not to be said: {QUESTION}")
    return error


def complain_about(error: Exception, complain: Callable[[str], object]) -> None:
    try:
        raise error
    except type(error):
        complain("failed")


def test_production_writes_one_json_object_a_line(configure: Configure, output: Output) -> None:
    configure().info("started", port=8000)

    line = output.lines[0]

    assert line["event"] == "started"
    assert line["port"] == 8000
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["timestamp"]))


def test_development_writes_for_people(configure: Configure, output: Output) -> None:
    configure("development").info("started", port=8000)

    assert "started" in output.text
    assert "port=8000" in output.text
    assert not output.text.startswith("{")


def test_every_line_names_the_request(configure: Configure, output: Output) -> None:
    log = configure()

    token = request_id.set("r-1")
    log.info("ours")
    logging.getLogger("uvicorn.error").info("theirs")
    request_id.reset(token)
    log.info("between requests")

    assert [line.get("request_id") for line in output.lines] == ["r-1", "r-1", None]


def test_libraries_take_the_same_way(configure: Configure, output: Output) -> None:
    configure()

    logging.getLogger("litestar").warning("slow: %d ms", 7)

    line = output.lines[0]
    assert line["event"] == "slow: 7 ms"
    assert line["level"] == "warning"
    assert line["logger"] == "litestar"


def test_lines_below_the_level_are_not_written(configure: Configure, output: Output) -> None:
    log = configure(level="warning")

    log.info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    log.warning("loud")

    assert [line["event"] for line in output.lines] == ["loud"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_reaches_the_log_by_whatever_way(configure: Configure, output: Output, environment: str) -> None:
    log = configure(environment, level="debug")
    for secret in SECRETS:
        told = f"Bearer {secret}" if secret.startswith("eyJ") else secret
        log.info(told, value=told, deep={"a": [told]}, error=ValueError(told))
        log.info("headers", headers={"Authorization": secret, "x-api-key": secret})
        logging.getLogger("openai").warning("refused %s with %s", told, [(b"x-api-key", told.encode())])
        for complain in (log.exception, logging.getLogger("litestar").exception):
            complain_about(RuntimeError(told), complain)
        LogEventSink(log).note(PartFailed("key_ring", RuntimeError(told)))

    assert output.text.count("RuntimeError") >= 3 * len(SECRETS)
    for secret in SECRETS:
        assert secret not in output.text


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    "event",
    [served(), QuestionFailed("acme", "openai", "m", refused(), 1.0), ModelCallFailed("openai", "m", refused(), 1.0)],
    ids=lambda event: type(event).__name__,
)
def test_the_question_is_logged_only_where_that_is_allowed(
    configure: Configure, output: Output, environment: str, event: Event
) -> None:
    for allowed in (False, True):
        LogEventSink(configure(environment), allowed).note(event)

        assert (QUESTION in output.text) == allowed


def test_libraries_that_print_requests_are_kept_quiet(configure: Configure, output: Output) -> None:
    configure(level="debug")
    for name in ("openai._base_client", "aiosqlite", "sqlalchemy.engine.Engine", "httpcore.http11"):
        logging.getLogger(name).debug("Request options: %s", {"json_data": QUESTION})
        logging.getLogger(name).info("INSERT ... [parameters: %s]", QUESTION)

    assert output.text == ""


def test_they_speak_when_questions_may_be_logged_and_debugging_is_on(configure: Configure, output: Output) -> None:
    configure(level="debug", questions=True)

    logging.getLogger("openai._base_client").debug("Request options: %s", QUESTION)

    assert QUESTION in output.text


def test_an_answer_is_one_line_with_times_in_milliseconds(configure: Configure, output: Output) -> None:
    LogEventSink(configure()).note(evolve(served(), bill=Bill(9, avoided=9, saved=None)))

    line = output.lines[0]

    del line["timestamp"]
    assert line == {
        "event": "answer served",
        "level": "info",
        "tenant": "acme",
        "origin": "semantic_hit",
        "reason": "similar",
        "provider": "openai",
        "model": "m",
        "ms": 0.3,
        "stages": {"search": 0.1},
        "cost_usd": "0",
        "saved_usd": "unknown",
    }


def test_an_exact_hit_needs_no_stages(configure: Configure, output: Output) -> None:
    LogEventSink(configure()).note(served(origin=Origin.EXACT_HIT))

    assert "stages" not in output.lines[0]


def test_a_failed_model_is_told_by_classes_and_codes(configure: Configure, output: Output) -> None:
    LogEventSink(configure()).note(ModelCallFailed("openai", "m", refused(), 0.25))

    line = output.lines[0]

    assert line["error"] == "RuntimeError < BadRequestError"
    assert (line["status_code"], line["code"], line["ms"]) == (400, "content_filter", 250.0)


def test_a_called_model_is_told_with_its_tokens(configure: Configure, output: Output) -> None:
    LogEventSink(configure()).note(ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.25))

    line = output.lines[0]

    assert (line["prompt_tokens"], line["completion_tokens"], line["finish_reason"]) == (7, 2, "stop")
    assert line["cost_usd"] == "unknown"


def test_what_a_call_cost_is_told_to_the_last_digit(configure: Configure, output: Output) -> None:
    called = ModelCalled("openai", "m", TokenUsage(7, 2), FinishReason.STOP, 0.25, cost=Decimal("0.0000920"))
    LogEventSink(configure()).note(called)

    assert output.lines[0]["cost_usd"] == "0.000092"


@pytest.mark.parametrize("value", ["half \ud800 a pair", {1: object()}, float("nan"), {("a", "b"): 1}, b"\xff"])
def test_no_value_is_too_odd_to_be_logged(configure: Configure, output: Output, value: object) -> None:
    configure().info("odd", value=value)

    assert "odd" in str(output.lines[0]["event"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_local_variables_are_not_part_of_a_traceback(configure: Configure, output: Output, environment: str) -> None:
    log = configure(environment)

    def fail(confidential: str) -> None:
        log.debug(confidential)
        raise RuntimeError("failed")

    try:
        fail(QUESTION)
    except RuntimeError:
        log.exception("something failed")

    assert "RuntimeError: failed" in output.text
    assert QUESTION not in output.text


async def test_lines_of_one_turn_of_the_loop_are_flushed_together() -> None:
    file = CountingFile()
    together = FlushedTogether(file)

    for line in (b"one\n", b"two\n"):
        together.write(line)
        together.flush()
    before = file.flushes
    await asyncio.sleep(0)

    assert (file.getvalue(), before, file.flushes) == (b"one\ntwo\n", 0, 1)


def test_beside_a_loop_each_line_is_flushed() -> None:
    file = CountingFile()

    FlushedTogether(file).flush()

    assert file.flushes == 1


class CountingFile(io.BytesIO):
    flushes = 0

    def flush(self) -> None:
        self.flushes += 1
