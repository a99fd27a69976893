"""Writes what people read about the settings: ``python -m entrypoints.configuration_page`` in the repository's root."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel

from entrypoints.settings_prices import ModelPrice
from entrypoints.variables import FILE, NAME, VARIABLES, Variable, allowed

_INTRODUCTION = """\
# Configuration

<!-- Written by `python -m entrypoints.configuration_page`: change the settings, not this page. -->

Settings come from four places; the first that names a setting wins:

1. environment variables,
2. the file `.env` in the working directory (`NAME=value` lines; nothing is expanded in it),
3. a TOML file: `ragboost.toml` in the working directory, or the one that `RAGBOOST_CONFIG` names,
4. the defaults below.

An empty variable counts as not set. In the TOML file `${NAME}` stands for an environment variable (or one of `.env`),
and `${NAME:default}` for one that may be missing; a setting lies in the table of its section, such as `ttl` in
`[answer_cache]`. Relative paths start in the working directory.

A key may also be read from a file, which is how Docker and Kubernetes hand secrets over: `OPENAI_API_KEY_FILE`,
`ANTHROPIC_API_KEY_FILE`, `RAGBOOST_PROVIDERS__NAME__API_KEY_FILE`, `QDRANT_API_KEY_FILE` (in TOML `api_key_file`) and
`REDIS_URL_FILE` (`url_file`) name it. Give the key or its file, not both.

All settings are checked at the start. Whatever is wrong is told at once, and the service does not start: a value
that is not allowed, a name beginning with `RAGBOOST_` that is not known, an unknown key in the TOML file, a file
that is missing. Keys are never shown.

`RAGBOOST_URL` and `RAGBOOST_KEY` are no settings: from the environment alone, they stand for the options `--url` and
`--key` of `ragboost ask` and other commands that ask a running service.
"""

_PRICES = """\
## `[prices."PROVIDER/MODEL"]`

What models cost is known from the package genai-prices, for providers that are reached at their own address. What it
does not know, or knows otherwise than your contract says, is set here, in the TOML file only. In the model's name `*`
stands for anything: `[prices."openai/*"]` with 0 for both says that what answers in the place of OpenAI is free.
Without a price, the cost of a call is *unknown*, which is not nothing.

| TOML | Allowed | Meaning |
|---|---|---|
"""

_PRICES_IN_TOML = """\
# What a model costs, in US dollars per million tokens, where that is not known or otherwise agreed on.
#   [prices."openai/my-model"]
"""

_HEADER = """\
| Variable | TOML | Default | Allowed | Meaning |
|---|---|---|---|---|
"""


def page() -> str:
    """Give ``docs/configuration.md``."""
    chapters = [_chapter(section, list(group)) for section, group in _sections()]
    return "\n".join([_INTRODUCTION, *chapters, _PRICES + "".join(map(_price_row, ModelPrice.model_fields))])


def dotenv() -> str:
    """Give ``.env.example``: every variable with its default, as a comment."""
    head = "# Copy to .env and uncomment what shall differ. docs/configuration.md tells the rest.\n"
    return "\n".join([head, *map(_dotenv_lines, VARIABLES.values())])


def toml() -> str:
    """Give ``ragboost.example.toml``: every setting with its default, as a comment."""
    head = "# Copy to ragboost.toml and uncomment what shall differ. docs/configuration.md tells the rest.\n"
    prices = _PRICES_IN_TOML + "".join(f"#   {name} = 0.0\n" for name in ModelPrice.model_fields)
    return "\n".join([head, *(_toml_table(list(group)) for _, group in _sections()), prices])


WRITERS: Mapping[str, Callable[[], str]] = {
    "docs/configuration.md": page,
    ".env.example": dotenv,
    "ragboost.example.toml": toml,
}
"""What is written, by its place in the repository."""


def main(folder: Path = Path()) -> None:
    """Write all files into *folder*."""
    for name, write in WRITERS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(write(), encoding="utf-8")


def _sections() -> Iterator[tuple[type[BaseModel], Iterator[Variable]]]:
    return groupby(VARIABLES.values(), key=lambda variable: variable.section)


def _chapter(section: type[BaseModel], variables: list[Variable]) -> str:
    table = ".".join(variables[0].path[:-1])
    title = f"`[{table}]`" if table else "The service"
    return f"## {title}\n\n{section.__doc__}\n\n{_HEADER}{''.join(map(_row, variables))}"


def _price_row(name: str) -> str:
    return f"| `{name}` | {allowed(ModelPrice, name)} | {ModelPrice.model_fields[name].description} |\n"


def _row(variable: Variable) -> str:
    name = f"`{variable.name}`" + (f", `{variable.name}{FILE}`" if variable.is_secret else "")
    default = f"`{_written(variable.default)}`" if variable.default is not None else ""
    return f"| {name} | `{variable.path[-1]}` | {default} | {variable.allowed} | {variable.description} |\n"


def _dotenv_lines(variable: Variable) -> str:
    default = "" if variable.default is None else _written(variable.default)
    return f"{_comment(variable)}#{_indent(variable)}{variable.name}={default}\n"


def _toml_table(variables: list[Variable]) -> str:
    table = ".".join(variables[0].path[:-1])
    title = f"{'#   ' if NAME in table else ''}[{table}]\n" if table else ""
    return title + "\n".join(map(_toml_lines, variables))


def _toml_lines(variable: Variable) -> str:
    name = variable.path[-1]
    value = f"${{{variable.name}:}}" if variable.default is None else variable.default
    return f"{_comment(variable)}#{_indent(variable)}{name} = {_as_toml(value)}\n"


def _indent(variable: Variable) -> str:
    """Set apart what cannot be used as it stands: somebody must choose a name."""
    return "   " if NAME in variable.path else " "


def _comment(variable: Variable) -> str:
    return f"# {variable.description} Allowed: {variable.allowed}.\n"


def _as_toml(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool | int | float) else json.dumps(str(value))


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main()
