"""Progress on standard error, so that standard output holds nothing but figures."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")

console = Console(stderr=True)


def steps(description: str, sequence: Sequence[T]) -> Iterable[T]:
    """Go through *sequence* and show how far."""
    return track(sequence, description, console=console)
