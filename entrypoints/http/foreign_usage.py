"""The tokens that other formats tell of: those that this request cost."""

from attrs import frozen

from domain.answers import Answer, Origin
from domain.tokens import TokenUsage


@frozen
class Accounts:
    """Tells of what was spent; where memory answered, of nothing, unless *remembered* tokens are told of as well."""

    remembered: bool = False

    def tells_all(self, origin: Origin) -> bool:
        """Tell whether the provider's own figures stand."""
        return self.remembered or origin.is_paid

    def spent(self, answer: Answer) -> TokenUsage:
        """Give the tokens to tell of."""
        return answer.completion.usage if self.tells_all(answer.origin) else TokenUsage()
