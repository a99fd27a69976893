"""Every setting under the name of its environment variable."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from entrypoints.settings import Settings
from entrypoints.settings_prices import TABLES

PREFIX = "RAGBOOST_"
CONFIG = "RAGBOOST_CONFIG"
"""Names the TOML file; it is no setting itself."""
FILE = "_FILE"
"""Behind the name of a secret: the file that holds it."""

Place = tuple[str, ...]


@frozen
class Variable:
    """One setting: *path* is where it lies in ``Settings`` and in the TOML file, *section* what it belongs to."""

    name: str
    path: Place
    section: type[BaseModel]

    @property
    def field(self) -> FieldInfo:
        """Give it as pydantic sees it."""
        return self.section.model_fields[self.path[-1]]

    @property
    def description(self) -> str:
        """Say what it means."""
        return self.field.description or ""

    @property
    def is_secret(self) -> bool:
        """Tell whether its value must never be shown."""
        return SecretStr.__name__ in str(self.field.annotation)

    @property
    def default(self) -> object:
        """Give the default; ``None`` where there is none, or where it depends on another setting."""
        return None if self.field.default_factory else self.field.default

    @property
    def allowed(self) -> str:
        """Say what is allowed."""
        return allowed(self.section, self.path[-1])


def allowed(section: type[BaseModel], name: str) -> str:
    """Say what is allowed of a field."""
    return _allowed(section.model_json_schema()["properties"][name])


def _allowed(schema: Mapping[str, Any]) -> str:
    if "allowed" in schema:
        return str(schema["allowed"])
    if "anyOf" in schema:
        return " or ".join(_allowed(each) for each in schema["anyOf"] if each.get("type") != "null")
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return _one_of(choices) or ", ".join(_kind_and_bounds(schema))


def _one_of(choices: Sequence[str]) -> str:
    *others, last = choices or [""]
    return f"{', '.join(others)} or {last}" if others else last


_KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
_BOUNDS = {"exclusiveMinimum": "more than", "minimum": "at least", "maximum": "at most"}


def _kind_and_bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "a path" if schema.get("format") == "path" else _KINDS[schema["type"]]
    for key, words in _BOUNDS.items():
        if key in schema:
            yield f"{words} {schema[key]:g}"


def _variables(section: type[BaseModel], path: Place = ()) -> Iterator[Variable]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _variables(inner, (*path, name))
        elif name not in TABLES:  # what operators name has no variable
            yield Variable(_name(field, (*path, name)), (*path, name), section)


def _name(field: FieldInfo, path: Place) -> str:
    extra = field.json_schema_extra
    usual = extra.get("variable") if isinstance(extra, dict) else None
    return str(usual or PREFIX + "_".join(path).upper())


VARIABLES = {variable.name: variable for variable in _variables(Settings)}
"""All settings by name, in the order of the documentation."""

PATHS = {variable.path: variable for variable in VARIABLES.values()}
"""All settings by their place."""
