"""Find out who is to answer, and say so if nobody can."""

from application.route_models import Route, Routes
from domain.errors import Malformed


class UnknownModel(Malformed):
    """Nobody has the model that was asked for."""


def choose(routes: Routes, provider: str | None, model: str | None, home: str | None = None) -> Route:
    """
    Choose as *routes* do; *home* is asked where the sender names no provider and it is configured.

    These clients must name a model: the name of a provider stands for the model that it uses by default.

    Raises:
        UnknownModel: as ``Malformed``, where the model is to blame.
        Malformed: the provider is not configured.
    """
    if provider is None and model in routes.offers:
        provider, model = model, None
    try:
        return routes.choose(provider or (home if home in routes.offers else None), model)
    except Malformed as error:
        if any(each.field == "model" for each in error.problems):
            raise UnknownModel(*error.problems) from error
        raise
