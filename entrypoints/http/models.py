"""GET /v1/models: which models may be asked for, as OpenAI and Anthropic list them."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from application.route_models import ANY, Offer, Routes
from domain.similarity import Embedder
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.openai_errors import openai_handlers
from entrypoints.http.reception import Reception
from entrypoints.http.unknown_model import UnknownModel

LONG_AGO = "1970-01-01T00:00:00Z"
"""When a model was made, where nobody knows."""


@frozen
class Model:
    """A model that can be asked, by this name."""

    name: str
    provider: str

    def told(self, as_anthropic: bool) -> Mapping[str, Any]:
        """Describe it in either format."""
        if as_anthropic:
            return {"type": "model", "id": self.name, "display_name": self.name, "created_at": LONG_AGO}
        return {"id": self.name, "object": "model", "created": 0, "owned_by": self.provider}


def models_doors(reception: Reception, routes: Routes, embedder: Embedder) -> list[HTTPRouteHandler]:
    """Make the routes; Anthropic's clients are known by the version that they name."""
    known = [*_models(routes), Model(embedder.version, "ragboost")]

    @get("/v1/models", include_in_schema=False, exception_handlers=openai_handlers)
    async def models(request: LeanRequest) -> Response[Mapping[str, Any]]:
        """List them."""
        await reception.tenant(request)
        return Response(_listed(known, _is_anthropic(request)))

    @get("/v1/models/{name:path}", include_in_schema=False, exception_handlers=openai_handlers)
    async def model(request: LeanRequest, name: FromPath[str]) -> Response[Mapping[str, Any]]:
        """Give one of them."""
        await reception.tenant(request)
        return Response(_named(known, name.lstrip("/")).told(_is_anthropic(request)))

    return [models, model]


def _listed(known: Sequence[Model], as_anthropic: bool) -> Mapping[str, Any]:
    told = [each.told(as_anthropic) for each in known]
    if as_anthropic:
        return {"data": told, "has_more": False, "first_id": told[0]["id"], "last_id": told[-1]["id"]}
    return {"object": "list", "data": told}


def _named(known: Sequence[Model], name: str) -> Model:
    found = next((each for each in known if each.name == name), None)
    if found is None:
        there_is = ", ".join(each.name for each in known)
        raise UnknownModel.field("model", f"{name!r} is not known; there is {there_is}")
    return found


def _models(routes: Routes) -> Sequence[Model]:
    return [Model(name, provider) for provider, offer in routes.offers.items() for name in _names(offer)]


def _names(offer: Offer) -> Sequence[str]:
    return [each for each in offer.known if ANY not in each]


def _is_anthropic(request: LeanRequest) -> bool:
    return b"anthropic-version" in request.raw_headers
