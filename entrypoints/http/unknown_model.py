"""Find out who is to answer, and say so if nobody can."""

from application.route_models import Route, Routes
from domain.errors import Malformed


class UnknownModel(Malformed):
    """Nobody has the model that was asked for."""


def choose(routes: Routes, provider: str | None, model: str | None) -> Route:
    """
    Choose as *routes* do.

    Raises:
        UnknownModel: as ``Malformed``, where the model is to blame.
        Malformed: the provider is not configured.
    """
    try:
        return routes.choose(provider, model)
    except Malformed as error:
        if any(each.field == "model" for each in error.problems):
            raise UnknownModel(*error.problems) from error
        raise
