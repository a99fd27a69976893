"""What providers cannot do without."""

from collections.abc import Iterator

from entrypoints.settings import EXTRACTIVE, Settings
from entrypoints.settings_providers import OWN, Provider
from entrypoints.variables import variable_at


def lacking_of_providers(settings: Settings) -> Iterator[str]:
    """Tell what is missing of *settings* that are allowed one by one, in lines for people."""
    providers = settings.named_providers
    for name, provider in providers.items():
        yield from _lacking(name, provider)
    first = settings.language_model.provider
    if first and first not in {*providers, *OWN, EXTRACTIVE}:
        there_is = ", ".join([*providers, EXTRACTIVE])
        yield f"RAGBOOST_LANGUAGE_MODEL_PROVIDER: {first!r} is not configured; there is {there_is}"


def _lacking(name: str, provider: Provider) -> Iterator[str]:
    if provider.kind == EXTRACTIVE:
        return
    if not (provider.api_key or provider.base_url):
        either = f"{_variable(name, 'api_key')} or {_variable(name, 'base_url')}"
        yield f"{either} is needed: nobody says how to reach {name}"
    if not provider.model:
        yield f"{_variable(name, 'model')} is needed: nobody says which model of {name} is asked by default"


def _variable(name: str, key: str) -> str:
    variable = variable_at(("providers", name, key))
    return variable.name if variable else f"providers.{name}.{key}"
