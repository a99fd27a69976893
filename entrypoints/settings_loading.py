"""Settings, read and checked as a whole: either all of them are sound, or every problem is told."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.errors import RAGBoostError
from entrypoints.masking import HIDDEN, Masking, shown
from entrypoints.settings import Settings
from entrypoints.settings_layers import Layer, nested
from entrypoints.settings_needs import lacking_of_providers
from entrypoints.settings_prices import TABLES
from entrypoints.settings_sources import read_sources
from entrypoints.variables import PATHS, VARIABLES, Place, Variable, allowed, variable_at

_PROVIDER = VARIABLES["RAGBOOST_LANGUAGE_MODEL_PROVIDER"]
_ANSWERS = VARIABLES["RAGBOOST_ANSWER_CACHE_KIND"]
_INDEX = VARIABLES["RAGBOOST_VECTOR_INDEX_KIND"]
_NEEDS = {
    (_PROVIDER, "openai"): (("openai", "api_key"), ("openai", "base_url")),
    (_PROVIDER, "anthropic"): (("anthropic", "api_key"), ("anthropic", "base_url")),
    (_ANSWERS, "redis"): (("redis", "url"),),
    (_INDEX, "qdrant"): (("qdrant", "url"),),
}
"""Choices that are of no use without one of these settings."""


class SettingsInvalid(RAGBoostError):
    """The settings cannot be used; *problems* are lines for people, without secrets."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """
    Read the environment, then ``.env`` and the TOML file in *folder*: what is read first wins.

    Without arguments: the environment and working directory of this process. Raises ``SettingsInvalid``.
    """
    layers = read_sources(os.environ if environ is None else environ, folder or Path())
    problems = [problem for layer in layers for problem in (*layer.problems, *_lacking(layer, layers))]
    settings = _validated(layers, problems)
    problems.extend(lacking_of_providers(settings) if settings else ())
    if settings is None or problems:
        raise SettingsInvalid([Masking().text(problem) for problem in problems])
    return settings


def _validated(layers: Sequence[Layer], problems: list[str]) -> Settings | None:
    values = {place: value for layer in reversed(layers) for place, value in layer.values.items()}
    try:
        return Settings.model_validate(nested(values))
    except ValidationError as invalid:
        problems.extend(_problem(error, layers) for error in invalid.errors() if _is_told(error))
        return None


def _is_told(error: ErrorDetails) -> bool:
    """A default that depends on another setting fails with that one, which is told already."""
    return error["type"] != "default_factory_not_called"


def _problem(error: ErrorDetails, layers: Sequence[Layer]) -> str:
    place = tuple(str(step) for step in error["loc"])
    if place[0] in TABLES:
        return _problem_of_table(place, layers)
    variable = _variable(place)
    layer = _source(variable.path, layers)
    value = HIDDEN if variable.is_secret else shown(layer.values[variable.path])
    return f"{variable.name} ({layer.origin}): {value} is not allowed; must be {variable.allowed}"


def _problem_of_table(place: Place, layers: Sequence[Layer]) -> str:
    """Tell what is wrong in a table that an operator named, with its name, or without something it must have."""
    section, path = TABLES[place[0]], f'{place[0]}."{place[1]}"'
    if place[2] not in section.model_fields:
        return f"{path}: is not allowed as a name; must be PROVIDER/MODEL"
    value = next((layer.values[place] for layer in layers if place in layer.values), None)
    told = "is missing" if value is None else f"{shown(value)} is not allowed"
    return f"{path}.{place[2]}: {told}; must be {allowed(section, place[2])}"


def _variable(place: Place) -> Variable:
    """Find the setting that lies at *place*, or in which it lies."""
    found = (variable_at(place[:steps]) for steps in range(len(place), 0, -1))
    return next(each for each in found if each)


def _source(place: Place, layers: Sequence[Layer]) -> Layer:
    return next(layer for layer in layers if place in layer.values)


def _lacking(layer: Layer, layers: Sequence[Layer]) -> Iterator[str]:
    """Tell when *layer* chooses something and nobody says how to reach it."""
    for (choice, value), needed in _NEEDS.items():
        chosen = str(layer.values.get(choice.path, "")).lower()
        if chosen == value and _source(choice.path, layers) is layer and not _is_given(needed, layers):
            names = " or ".join(PATHS[place].name for place in needed)
            yield f"{choice.name} ({layer.origin}): {value!r} needs {names}"


def _is_given(places: Sequence[Place], layers: Sequence[Layer]) -> bool:
    elsewhere = [("providers", *place) for place in places]
    return any(place in each.values for place in (*places, *elsewhere) for each in layers)
