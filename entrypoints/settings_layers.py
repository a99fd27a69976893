"""One source of settings: what it says, and what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from attrs import Factory, frozen

from entrypoints.variables import FILE, PREFIX, VARIABLES, Place, Variable, variable_at

SECRETS = {variable.name + FILE: variable for variable in VARIABLES.values() if variable.is_secret}
"""Secrets by the name of the variable that names their file."""


@frozen
class Layer:
    """The *values* of one source by their place in ``Settings``; *problems* are lines for people."""

    origin: str
    values: dict[Place, object] = Factory(dict)
    problems: list[str] = Factory(list)

    def blame(self, name: str, message: str) -> None:
        """Note what is wrong with *name*."""
        self.problems.append(f"{name} ({self.origin}): {message}")

    def blame_unknown(self, name: str, known: Iterable[str]) -> None:
        """Note that nothing is called *name*, and what may have been meant."""
        names = {each.removeprefix(PREFIX): each for each in known}
        near = get_close_matches(name.removeprefix(PREFIX), names, n=1, cutoff=0.7)
        self.blame(name, f"is not known; did you mean {names[near[0]]}?" if near else "is not known")

    def take_secret(self, name: str, path: Path, secret: Variable) -> None:
        """Take the value of *secret* from the file at *path*, which *name* names."""
        content = self.take_text(name, path).strip()
        if secret.path in self.values:
            self.blame(name, "the secret itself is given as well; give one of the two")
        elif content:
            self.values[secret.path] = content

    def take_text(self, name: str, path: Path) -> str:
        """Give the text of a file that *name* names; an unreadable or blank one is a problem."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            self.blame(name, f"{path} cannot be read: {_reason(error)}")
            return ""
        if not text.strip():
            self.blame(name, f"{path} is empty")
        return text


def nested(values: Mapping[Place, object]) -> dict[str, object]:
    """Give values by place as nested tables."""
    tables: dict[str, object] = {}
    for place, value in values.items():
        tables = _merged(tables, place, value)
    return tables


def _merged(into: dict[str, object], place: Place, value: object) -> dict[str, object]:
    name, *rest = place
    if not rest:
        return {**into, name: value}
    inner = into.get(name)
    return {**into, name: _merged(inner if isinstance(inner, dict) else {}, tuple(rest), value)}


def _reason(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is not UTF-8 text"


def flattened(table: dict[str, object], place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Give the values of nested tables by place; a value that is a table itself stays one."""
    for name, value in table.items():
        variable = variable_at((*place, name))
        if isinstance(value, dict) and not (variable and variable.is_table):
            yield from flattened(value, (*place, name))
        else:
            yield (*place, name), value
