"""Where settings come from: the environment, ``.env`` and a TOML file."""

import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from entrypoints.settings_layers import SECRETS, Layer, flattened
from entrypoints.settings_prices import TABLES
from entrypoints.variables import (
    CONFIG,
    FILE,
    PATHS,
    PREFIX,
    VARIABLES,
    Place,
    Variable,
    secret_in_file,
    variable_at,
    variable_named,
)

ENVIRONMENT = "environment"
DOTENV = ".env"
TOML = "ragboost.toml"
OF_COMMANDS = ("RAGBOOST_URL", "RAGBOOST_KEY")
"""Stand for the options --url and --key of commands; they are no settings."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}")
_FILE = FILE.lower()
_KEYS = {
    ".".join(place)
    for place in (*PATHS, *((*secret.path[:-1], secret.path[-1] + _FILE) for secret in SECRETS.values()))
}


def read_sources(environ: Mapping[str, str], folder: Path) -> list[Layer]:
    """Read all sources, the strongest first."""
    dotenv = Layer(DOTENV)
    written = dict(_dotenv(dotenv, folder / DOTENV))
    layers = [_take_variables(Layer(ENVIRONMENT), environ, folder), _take_variables(dotenv, written, folder)]
    known = {**written, **{name: value for name, value in environ.items() if value}}
    return [*layers, _toml(known, folder)]


def _take_variables(layer: Layer, environ: Mapping[str, str], folder: Path) -> Layer:
    given = {name: value for name, value in sorted(environ.items()) if value}
    known = {name: variable for name in given if (variable := variable_named(name))}
    layer.values.update({variable.path: given[name] for name, variable in known.items()})
    files = {name: secret for name in given if (secret := secret_in_file(name))}
    for name, secret in files.items():
        layer.take_secret(name, folder / given[name], secret)
    for name in sorted(given.keys() - {*known, *files, CONFIG, *OF_COMMANDS}):
        if name.startswith(PREFIX):
            layer.blame_unknown(name, (*VARIABLES, *SECRETS, CONFIG, *OF_COMMANDS))
    return layer


def _dotenv(layer: Layer, path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key and line.value is None):
            layer.blame(f"line {line.original.line}", "must be NAME=value")
        elif line.key and line.value:
            yield line.key, line.value


def _toml(environ: Mapping[str, str], folder: Path) -> Layer:
    named = environ.get(CONFIG)
    path = folder / (named or TOML)
    layer = Layer(str(named or TOML))
    if named or path.exists():
        for place, value in flattened(_tables(layer, path)):
            _take_key(layer, place, _resolved(layer, place, value, environ), folder)
    return layer


def _tables(layer: Layer, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(layer.take_text(CONFIG, path))
    except tomllib.TOMLDecodeError as error:
        layer.blame(CONFIG, f"{path} is not TOML: {error}")
        return {}


def _take_key(layer: Layer, place: Place, value: object, folder: Path) -> None:
    secret = _secret_in_file(place)
    if variable_at(place):
        layer.values.update({place: value} if value != "" else {})
    elif secret:
        layer.take_secret(".".join(place), folder / str(value), secret)
    elif place in (known := _named_like(place)):
        layer.values[place] = value
    else:
        layer.blame_unknown(".".join(place), [*_KEYS, *map(".".join, known)])


def _named_like(place: Place) -> list[Place]:
    """Give what may stand in a table that an operator named; nothing elsewhere."""
    return [(*place[:2], each) for each in TABLES[place[0]].model_fields] if place[0] in TABLES and place[2:] else []


def _secret_in_file(place: Place) -> Variable | None:
    *table, key = place
    secret = variable_at((*table, key.removesuffix(_FILE))) if key.endswith(_FILE) else None
    return secret if secret and secret.is_secret else None


def _resolved(layer: Layer, place: Place, value: object, environ: Mapping[str, str]) -> object:
    """Replace ``${NAME}`` and ``${NAME:default}`` by what the environment says."""

    def resolve(reference: re.Match[str]) -> str:
        name, default = reference.groups()
        if name not in environ and default is None:
            layer.blame(".".join(place), f"refers to {name}, which is not set, and gives no default")
        return environ.get(name, default or "")

    return _REFERENCE.sub(resolve, value) if isinstance(value, str) else value
