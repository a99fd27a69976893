"""An entry as both memories hold it."""

from attrs import frozen

from domain.caching import StoredAnswer
from domain.similarity import Embedding


@frozen
class Entry:
    """A remembered answer, and its question's embedding, where that is known; *embedder* is who made it."""

    answer: StoredAnswer
    embedding: Embedding | None = None
    embedder: str = ""
