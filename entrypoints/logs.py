"""Log lines: JSON in production, a console in development; every library's lines take the same way."""

import asyncio
import json
import logging
import sys
import time
from contextvars import ContextVar
from typing import Any, BinaryIO, TextIO, cast

import msgspec
import structlog
from attrs import define, field, frozen
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from entrypoints.masking import Masking
from entrypoints.settings import Settings

TALKATIVE = (
    *("aiosqlite", "alembic", "anthropic", "openai", "sqlalchemy", "uvicorn.access"),
    *("httpcore", "httpcore2", "httpx", "httpx2", "markdown_it"),
)
"""Libraries that print requests and parameters, and with them questions, below ``WARNING``."""

_encode = msgspec.json.Encoder(enc_hook=repr).encode


@frozen
class JsonLine:
    """
    Renders a line as one JSON object; a line that looks suspicious is masked and rendered again.

    Log text, not bytes: they would be written in base64, where nothing looks suspicious.
    """

    masking: Masking

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        """Give UTF-8 without the line break."""
        line = _rendered(event)
        return _rendered(self.masking.fields(json.loads(line))) if self.masking.suspects(line.decode()) else line


@define
class Preparation:
    """
    Adds request id, level and UTC to the millisecond, and writes tracebacks out, without the values of variables.

    One step instead of structlog's four, and date and second are written once a second: every hit is a line.
    """

    _last: tuple[int, str] = field(default=(-1, ""), init=False)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Give the line with ``request_id``, ``level`` and ``timestamp``."""
        name = request_id.get()
        if name:
            event["request_id"] = name
        event["level"] = "error" if method == "exception" else method
        event["timestamp"] = self._now()
        return structlog.processors.format_exc_info(logger, method, event) if "exc_info" in event else event

    def _now(self) -> str:
        second, rest = divmod(time.time_ns(), 1_000_000_000)
        last, written = self._last
        if second != last:
            written = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._last = second, written
        return f"{written}.{rest // 1_000_000:03d}Z"


@define(eq=False)  # structlog keeps locks by file
class FlushedTogether:
    """A file that is flushed once for all lines of one turn of the event loop; beside a loop, after each line."""

    file: BinaryIO
    _due: bool = field(default=False, init=False)

    def write(self, line: bytes) -> None:
        """Write into the file's buffer."""
        self.file.write(line)

    def flush(self) -> None:
        """Have it flushed soon."""
        if self._due:
            return
        try:
            asyncio.get_running_loop().call_soon(self._flush)
            self._due = True
        except RuntimeError:
            self.file.flush()

    def _flush(self) -> None:
        self._due = False
        self.file.flush()


@frozen
class MaskFields:
    """Masks every field of a line, for renderers that do not."""

    masking: Masking

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Give the line without secrets."""
        return self.masking.fields(event)


request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty beside requests."""


def configure_logging(settings: Settings, stream: TextIO | None = None) -> FilteringBoundLogger:
    """
    Set up the log of this process, on *stream* (standard output unless given), and give its logger.

    Call it before loggers are bound, in particular before the container builds its event sinks. It replaces the
    handlers of the standard library's root logger: servers must be told to leave logging alone (uvicorn's
    ``log_config=None``, Litestar's ``logging_config=None``).
    """
    output = stream or sys.stdout
    rendering = _rendering(settings, output)
    _configure_structlog(settings, rendering, output)
    _configure_standard_library(settings, rendering, output)
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _configure_structlog(settings: Settings, rendering: list[Processor], output: TextIO) -> None:
    structlog.configure(
        processors=[Preparation(), *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log.level),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", FlushedTogether(output.buffer))),
    )


def _configure_standard_library(settings: Settings, rendering: list[Processor], output: TextIO) -> None:
    handler = logging.StreamHandler(output)
    before: list[Processor] = [structlog.stdlib.add_logger_name, Preparation()]
    processors: list[Processor] = [ProcessorFormatter.remove_processors_meta, *rendering, _as_text]
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=before, processors=processors))
    logging.basicConfig(handlers=[handler], level=settings.log.level.upper(), force=True)
    _quieten(settings)


def _quieten(settings: Settings) -> None:
    wanted = settings.log.questions and settings.log.level == "debug"
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.DEBUG if wanted else logging.WARNING)


def _rendering(settings: Settings, output: TextIO) -> list[Processor]:
    masking = Masking(settings.secrets)
    if settings.environment == "production":
        return [JsonLine(masking)]
    console = structlog.dev.ConsoleRenderer(colors=output.isatty())
    return [MaskFields(masking), console, _as_bytes]


def _rendered(event: EventDict) -> bytes:
    try:
        return _encode(event)
    except (TypeError, ValueError):  # keys that are no text, halves of surrogate pairs
        return json.dumps({str(key): repr(value) for key, value in event.items()}).encode()


def _as_bytes(*step: Any) -> bytes:
    line: str = step[-1]
    return line.encode("utf-8", "backslashreplace")


def _as_text(*step: Any) -> str:
    line: bytes = step[-1]
    return line.decode()
