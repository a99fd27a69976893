"""Which providers and models a question goes to."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from attrs import field, frozen

from application.fall_back import BETWEEN, FallingBack
from application.select_models import InOrder, Selection
from domain.errors import Malformed
from domain.events import Event, EventSink
from domain.generation import LanguageModel
from domain.tokens import TokenCounter

ANY = "*"
"""The pattern of a provider that has whatever model it is asked for, as far as we know."""


@frozen
class Offer:
    """
    One provider: its language model, and the models that it has.

    *model* is the one that it uses unless the asker names another. *models* are names, or patterns with ``*``, of
    those that may be named; *aliases* are names of ours for some of them. A provider that does not *volunteer*
    answers only those who name it. *counter* counts tokens, where the provider does.
    """

    language_model: LanguageModel
    model: str
    models: Sequence[str] = (ANY,)
    aliases: Mapping[str, str] = field(factory=dict)
    volunteers: bool = True
    counter: TokenCounter | None = None

    def meant(self, model: str | None) -> str:
        """Give the provider's own name of *model*."""
        return self.aliases.get(model, model) if model else self.model

    @property
    def known(self) -> Sequence[str]:
        """Give the names and patterns that may be asked for, each once."""
        return [*dict.fromkeys((self.model, *self.aliases, *self.models))]

    def sureness(self, model: str | None) -> int:
        """Say how sure it is that *model* is one of ours: 3 by name, 2 by a pattern, 1 because any may be; 0 is not."""
        if not model or model in {self.model, *self.aliases, *self.models}:
            return 3
        patterns = [each for each in self.models if fnmatchcase(model, each)]
        return 0 if not patterns else 1 if patterns == [ANY] else 2


@frozen
class Route:
    """Where a question goes: to a provider, or to the first of several, ``BETWEEN`` them, that answers."""

    provider: str
    model: str


@frozen
class Unheard(EventSink):
    """Nobody listens."""

    def note(self, event: Event) -> None:
        """Hear nothing."""


@frozen
class Routes:
    """
    The providers that are configured, by name and in the preferred order; *default* is asked first.

    Whoever names a provider is answered by it and no other. Otherwise all who *volunteer* and have the model may
    answer, unless they are told not to *fall_back*: then the first alone does.
    """

    offers: Mapping[str, Offer]
    default: str
    selection: Selection = field(factory=InOrder)
    fall_back: bool = True
    events: EventSink = field(factory=Unheard)

    def choose(self, provider: str | None = None, model: str | None = None) -> Route:
        """
        Fill in what the asker left open.

        Raises:
            Malformed: the provider is not configured, or nobody who may answer has the model.
        """
        names = self._able([provider] if provider else self._willing, model)
        meant = [self.offers[name].meant(model) for name in names]
        return Route(BETWEEN.join(names), meant[0] if len({*meant}) == 1 else BETWEEN.join(meant))

    def model_of(self, provider: str) -> LanguageModel:
        """Give the language model of a provider, or of those, that ``choose`` gave."""
        names = provider.split(BETWEEN)
        if len(names) == 1:
            return self.offers[provider].language_model
        models = {name: self.offers[name].language_model for name in names}
        return FallingBack(models, self.selection, self.events)

    def counter_of(self, provider: str) -> TokenCounter | None:
        """Give who counts tokens for a provider, or the first of those, that ``choose`` gave."""
        return self.offers[provider.partition(BETWEEN)[0]].counter

    @property
    def _willing(self) -> Sequence[str]:
        others = [name for name, each in self.offers.items() if each.volunteers and name != self.default]
        return [self.default, *others]

    def _able(self, names: Sequence[str], model: str | None) -> Sequence[str]:
        """Keep those who surest have *model*; it may be a guess that they have."""
        offers = {name: self._offer(name) for name in names}
        sureness = {name: each.sureness(model) for name, each in offers.items()}
        surest = max(sureness.values())
        if not surest:
            raise Malformed.field("model", _lacking(offers, str(model)))
        able = [name for name, sure in sureness.items() if sure == surest]
        return able if self.fall_back else able[:1]

    def _offer(self, name: str) -> Offer:
        if name not in self.offers:
            there_is = ", ".join(sorted(self.offers))
            raise Malformed.field(
                "provider", f"{name!r} is not configured; there is {there_is}{_hint(name, self.offers)}"
            )
        return self.offers[name]


def _lacking(offers: Mapping[str, Offer], model: str) -> str:
    known = [name for each in offers.values() for name in each.known]
    if len(known) == 1:
        return f"{next(iter(offers))} has only the model {known[0]!r}; leave the field out"
    there_is = "; ".join(f"{name} has {', '.join(each.known)}" for name, each in offers.items())
    return f"{model!r} is not known; {there_is}{_hint(model, known)}"


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
