"""What shapes how a model speaks, by whatever name a format calls it."""

from collections.abc import Mapping

SAME = {"max_completion_tokens": "max_tokens", "stop_sequences": "stop"}
"""Names that mean the same, and the one by which they are compared."""

NUMBERS = frozenset({"temperature", "top_p"})
"""Parameters of which 1 and 1.0 are one value."""

SHARED = frozenset({"max_tokens", "stop", *SAME, *NUMBERS})
"""Parameters that every format knows, by one name or another."""


def settled(parameters: Mapping[str, object]) -> Mapping[str, object]:
    """Give *parameters* by the names and with the values by which they are compared."""
    return {_name(name, parameters): _value(name, value) for name, value in parameters.items()}


def _name(name: str, parameters: Mapping[str, object]) -> str:
    common = SAME.get(name, name)
    return name if common in parameters else common


def _value(name: str, value: object) -> object:
    if name == "stop" and isinstance(value, str):
        return [value]
    return float(value) if name in NUMBERS and type(value) is int else value
