"""Go through what is too much to be held, or written, at once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from domain.questions import Fingerprint

T = TypeVar("T")

PAGE = 256
"""So many names are held at once."""

SLICE = 32
"""So many answers are written at once: whoever asks meanwhile waits for one slice, some milliseconds."""

Names = Sequence[Fingerprint]


async def pages(page: Callable[[Fingerprint | None, int], Awaitable[Names]]) -> AsyncIterator[Names]:
    """Give page after page until there is none; what is added meanwhile may be missing."""
    names = await page(None, PAGE)
    while names:
        yield names
        names = await page(names[-1], PAGE)


def slices(items: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """Cut *items* into pieces of *size*."""
    return (items[start : start + size] for start in range(0, len(items), size))
