"""Files of recorded or labelled questions: a JSON object a line, as it is or compressed by gzip."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from application.evaluate_pairs import LabelledPair
from application.judge_pairs import Pair
from domain.errors import Malformed
from domain.questions import check_text
from domain.recordings import Recorded, Recording
from domain.tokens import TokenUsage
from entrypoints.cli.line_files import FileUnusable, lines_of

NOBODY = "recorded"
"""The provider and the model where a line names none."""

Count = Annotated[int, msgspec.Meta(ge=0)]


class StreamLine(msgspec.Struct):
    """A question, and the name of its answer."""

    text: str
    answer_id: str | int


class PairLine(msgspec.Struct):
    """Two questions, and whether they share an answer: true or 1, false or 0."""

    a: str
    b: str
    same: bool | Annotated[int, msgspec.Meta(ge=0, le=1)]


class LogLine(msgspec.Struct):
    """A request, and what is known of what it got."""

    query: str
    response: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    model: str | None = None
    provider: str | None = None


Line = TypeVar("Line", StreamLine, PairLine, LogLine)


def read_stream(file: Path, limit: int | None = None) -> Recording:
    """Read labelled requests, the first *limit* of them; raises ``FileUnusable``."""
    lines = _read(file, StreamLine, ("text",), limit)
    return Recording([Recorded(each.text, f"answer {each.answer_id}") for each in lines], labelled=True)


def read_log(file: Path, limit: int | None = None) -> Recording:
    """Read requests with what they got, the first *limit* of them; raises ``FileUnusable``."""
    return Recording([_recorded(each) for each in _read(file, LogLine, ("query",), limit)])


def read_pairs(file: Path, limit: int | None = None) -> Sequence[LabelledPair]:
    """Read labelled pairs, the first *limit* of them; raises ``FileUnusable``."""
    lines = _read(file, PairLine, ("a", "b"), limit)
    return [LabelledPair(Pair(stored=each.a, asked=each.b), bool(each.same)) for each in lines]


def _recorded(line: LogLine) -> Recorded:
    counted = line.prompt_tokens is not None or line.completion_tokens is not None
    usage = TokenUsage(line.prompt_tokens or 0, line.completion_tokens or 0) if counted else None
    return Recorded(line.query, line.response, line.provider or NOBODY, line.model or NOBODY, usage)


def _read(file: Path, kind: type[Line], questions: Sequence[str], limit: int | None) -> Sequence[Line]:
    lines: list[Line] = []
    for number, line in enumerate(lines_of(file), 1):
        if len(lines) == limit:
            break
        if line.strip():
            lines.append(_decoded(f"{file}, line {number}", line, kind, questions))
    if not lines:
        raise FileUnusable(f"{file} is empty; {_wanted(kind)}")
    return lines


def _decoded(place: str, line: bytes, kind: type[Line], questions: Sequence[str]) -> Line:
    try:
        decoded = msgspec.json.decode(line, type=kind)
        for each in questions:
            check_text(each, getattr(decoded, each))
    except (msgspec.DecodeError, Malformed, UnicodeDecodeError) as error:
        raise FileUnusable(f"{place}: {_blamed(error)}; {_wanted(kind)}") from error
    return decoded


def _blamed(error: Exception) -> str:
    """Name the field first, as the domain does; a fault of the line as a whole is no JSON."""
    if isinstance(error, msgspec.ValidationError):
        what, _, where = str(error).partition(" - at `$")
        return f"{where.strip('.`')}: {what}" if where else what
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8: {error.reason}"
    return str(error) if isinstance(error, Malformed) else f"no JSON: {error}"


def _wanted(kind: type[Line]) -> str:
    fields = msgspec.structs.fields(kind)
    needed = ", ".join(f'"{each.name}"' for each in fields if each.required)
    optional = ", ".join(f'"{each.name}"' for each in fields if not each.required)
    return f"each line is a JSON object with {needed}{f', and maybe {optional}' if optional else ''}"
