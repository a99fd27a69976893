"""Every setting under the name of its environment variable."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from attrs import evolve, frozen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from entrypoints.settings import Settings
from entrypoints.settings_prices import TABLES
from entrypoints.settings_providers import NAME as PROVIDER

PREFIX = "RAGBOOST_"
CONFIG = "RAGBOOST_CONFIG"
"""Names the TOML file; it is no setting itself."""
FILE = "_FILE"
"""Behind the name of a secret: the file that holds it."""

NAME = "NAME"
"""Stands for a name that the operator chooses."""

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
    def is_table(self) -> bool:
        """Tell whether its value is a table of its own."""
        return "dict" in str(self.field.annotation)

    @property
    def default(self) -> object:
        """Give the default; ``None`` where there is none, or an empty one, or where it depends on another setting."""
        return None if self.field.default_factory or self.is_table else self.field.default

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
        named = get_args(inner)[1] if get_origin(inner) is dict else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _variables(inner, (*path, name))
        elif isinstance(named, type) and issubclass(named, BaseModel):
            yield from _variables(named, (*path, name, NAME)) if name not in TABLES else ()  # those have no variable
        else:
            yield Variable(_name(field, (*path, name)), (*path, name), section)


def _name(field: FieldInfo, path: Place) -> str:
    extra = field.json_schema_extra
    usual = extra.get("variable") if isinstance(extra, dict) else None
    between = "__" if NAME in path else "_"
    return str(usual or PREFIX + between.join(path).upper())


VARIABLES = {variable.name: variable for variable in _variables(Settings)}
"""All settings by name, in the order of the documentation."""

PATHS = {variable.path: variable for variable in VARIABLES.values()}
"""All settings by their place."""

_CHOSEN = re.compile(rf"{PREFIX}(PROVIDERS)__([A-Z][A-Z0-9_]{{0,31}}?)__([A-Z_]+)")


def variable_named(name: str) -> Variable | None:
    """Give the setting of that variable's name, whatever name of a provider stands in it."""
    chosen = _CHOSEN.fullmatch(name)
    return variable_at(tuple(part.lower() for part in chosen.groups())) if chosen else VARIABLES.get(name)


def variable_at(place: Place) -> Variable | None:
    """Give the setting at a place."""
    if len(place) != len(("providers", NAME, "kind")) or not re.fullmatch(PROVIDER, place[1]):
        return PATHS.get(place)
    table, name, key = place
    template = PATHS.get((table, NAME, key))
    return template and evolve(template, name=template.name.replace(NAME, name.upper()), path=place)


def secret_in_file(name: str) -> Variable | None:
    """Give the secret whose file a variable of that name names."""
    secret = variable_named(name.removesuffix(FILE)) if name.endswith(FILE) else None
    return secret if secret and secret.is_secret else None
