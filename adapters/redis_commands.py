"""What is said to Redis: commands, and scripts that it remembers."""

from collections.abc import Sequence
from hashlib import sha1

from attrs import evolve, field, frozen

Words = Sequence[bytes | str | float]
"""A command as it is sent."""


@frozen
class Command:
    """
    *words* as they are sent, and the *key* by which a cluster finds the node.

    Where *words* name a *script* by its digest, it is sent whole to a server that does not know it.
    """

    words: Words
    key: bytes | None = None
    script: str | None = None

    @property
    def with_script(self) -> "Command":
        """Give the command that brings its script along."""
        return evolve(self, words=("EVAL", self.script or "", *self.words[2:]))


@frozen
class Script:
    """A Lua script, which finds its key as ``KEYS[1]`` and may touch others of the same slot."""

    text: str
    digest: str = field(init=False)

    @digest.default
    def _digest(self) -> str:
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def on(self, key: bytes, *arguments: bytes | str | float) -> Command:
        """Give the command that runs it."""
        return Command(("EVALSHA", self.digest, 1, key, *arguments), key, self.text)
