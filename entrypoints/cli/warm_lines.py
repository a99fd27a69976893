"""A file to warm memory up with: answers to be remembered, and questions to be asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from attrs import frozen

from entrypoints.cli.line_files import FileUnusable, Watch, lines_of

WANTED = 'each line is {"query": "...", "answer": "..."}, or {"query": "..."} or "..." to have it asked'

AT_ONCE = 256
"""Lines that are under way together; as many as the service takes at once."""

BYTES_AT_ONCE = 400_000
"""Well below the largest body that a service reads unless it is configured otherwise."""

Fields = dict[str, Any]


class Unreadable(ValueError):
    """A line is nothing that can be sent."""


@frozen
class WarmLine:
    """One line: the *fields* to be sent, or the *trouble* with it; *size* is in bytes."""

    number: int
    size: int
    fields: Fields | None = None
    trouble: str = ""

    @property
    def is_given(self) -> bool:
        """Tell whether it brings its answer."""
        return bool(self.fields and "response" in self.fields)


def read_warm_file(file: Path, defaults: Mapping[str, object], watch: Watch | None = None) -> Iterator[WarmLine]:
    """
    Read *file* line by line; *defaults* are the fields of lines that do not say otherwise.

    A file whose first line is plain text is a list of questions, any other has JSON in every line.
    Raises ``FileUnusable``, maybe after some lines.
    """
    lines = ((number, line.strip()) for number, line in enumerate(lines_of(file, watch), 1))
    filled = (each for each in lines if each[1])
    first = next(filled, None)
    if first is None:
        raise FileUnusable(f"{file} is empty; {WANTED}")
    is_plain = first[1][:1] not in b'{["'
    for number, line in chain([first], filled):
        yield _warm_line(number, line, defaults, is_plain)


def portions(lines: Iterable[WarmLine]) -> Iterator[Sequence[WarmLine]]:
    """Group *lines* by what may be under way together; those before damage to the file come before its error."""
    some: list[WarmLine] = []
    size = 0
    try:
        for each in lines:
            if len(some) == AT_ONCE or size + each.size > BYTES_AT_ONCE:
                yield some
                some, size = [], 0
            some.append(each)
            size += each.size
    except FileUnusable:
        yield some
        raise
    yield some


def _warm_line(number: int, line: bytes, defaults: Mapping[str, object], is_plain: bool) -> WarmLine:
    try:
        fields = _plain(line) if is_plain else _fields(line)
    except Unreadable as error:
        return WarmLine(number, len(line), trouble=str(error))
    return WarmLine(number, len(line), {**defaults, **fields})


def _plain(line: bytes) -> Fields:
    try:
        question = line.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"no UTF-8: {error.reason}; write the file in UTF-8") from error
    if question[0] in "{[":
        raise Unreadable("looks like JSON among plain questions; write all lines in the same way")
    return {"query": question}


def _fields(line: bytes) -> Fields:
    try:
        decoded = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"no JSON: {error}; {WANTED}") from error
    fields = {"query": decoded} if isinstance(decoded, str) else decoded
    if not isinstance(fields, dict):
        raise Unreadable(f"is no JSON object; {WANTED}")
    return _renamed(fields)


def _renamed(fields: Fields) -> Fields:
    """Call the answer what the service calls it."""
    if "answer" in fields and "response" in fields:
        raise Unreadable("answer: is the same as response; send one of them")
    return {"response" if name == "answer" else name: value for name, value in fields.items()}
