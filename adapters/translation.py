"""Drivers' errors into ours, by table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

ErrorTable = Mapping[type[BaseException], Callable[[str], Exception]]


@contextmanager
def translating(table: ErrorTable) -> Iterator[None]:
    """
    Raise ours wherever the body raises one of the drivers' errors in *table*.

    The most specific entry wins. The cause stays attached; its text becomes the message.
    """
    try:
        yield
    except tuple(table) as error:
        ours = next(table[kind] for kind in type(error).__mro__ if kind in table)
        raise ours(f"{type(error).__name__}: {error}") from error
