"""Go through all that a catalogue names, a page at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from domain.questions import Fingerprint

PAGE = 256
"""So many names are held at once."""

Names = Sequence[Fingerprint]


async def pages(page: Callable[[Fingerprint | None, int], Awaitable[Names]]) -> AsyncIterator[Names]:
    """Give page after page until there is none; what is added meanwhile may be missing."""
    names = await page(None, PAGE)
    while names:
        yield names
        names = await page(names[-1], PAGE)
