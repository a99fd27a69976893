"""Which provider and model a question goes to."""

from collections.abc import Mapping
from difflib import get_close_matches

from attrs import frozen

from domain.errors import Malformed
from domain.generation import LanguageModel


@frozen
class Offer:
    """One provider: its language model, and the model it uses unless the asker names another (where it takes one)."""

    language_model: LanguageModel
    model: str
    takes_any_model: bool = True


@frozen
class Route:
    """Where a question goes."""

    provider: str
    model: str


@frozen
class Routes:
    """The providers that are configured, by name, and the one that is asked by default."""

    offers: Mapping[str, Offer]
    default: str

    def choose(self, provider: str | None = None, model: str | None = None) -> Route:
        """
        Fill in what the asker left open.

        Raises:
            Malformed: the provider is not configured, or does not have the model.
        """
        name = provider or self.default
        offer = self.offers.get(name)
        if offer is None:
            raise Malformed.field("provider", self._unknown(name))
        if model and model != offer.model and not offer.takes_any_model:
            raise Malformed.field("model", f"{name} has only the model {offer.model!r}; leave the field out")
        return Route(name, model or offer.model)

    def model_of(self, provider: str) -> LanguageModel:
        """Give the language model of a provider that ``choose`` gave."""
        return self.offers[provider].language_model

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self.offers, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{name!r} is not configured; there is {', '.join(sorted(self.offers))}{hint}"
