"""Who was asked in vain before somebody answered."""

from attrs import frozen

LONGEST_REASON = 300
"""Characters of an error that tell why a provider did not answer."""


@frozen
class Tried:
    """A provider that was asked in vain for a *model*, and the *reason* in one line that anybody may read."""

    provider: str
    model: str
    reason: str

    @classmethod
    def of(cls, provider: str, model: str, error: Exception) -> "Tried":
        """Tell of *error* in one line."""
        return cls(provider, model, " ".join(f"{error}".split())[:LONGEST_REASON] or type(error).__name__)

    def __str__(self) -> str:
        return f"{self.provider} ({self.model}): {self.reason}"
