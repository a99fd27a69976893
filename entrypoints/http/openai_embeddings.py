"""POST /v1/embeddings: the embeddings that memory works with, as OpenAI's clients take them."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from attrs import frozen
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from application.embed_texts import EmbedTexts
from domain.errors import Malformed
from domain.similarity import Embedding
from entrypoints.http.bodies import check_kind, read
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.openai_errors import openai_handlers
from entrypoints.http.reception import Reception
from entrypoints.http.replies import Reply
from entrypoints.http.unknown_model import UnknownModel

MOST_TEXTS = 256


class EmbeddingsRequest(msgspec.Struct, frozen=True):
    """Texts, and how their embeddings are written."""

    input: str | Annotated[list[str], Meta(min_length=1, max_length=MOST_TEXTS)]
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


@frozen
class OurModel:
    """The embedder that is configured, by its version, or by what stands before the first slash of it."""

    version: str
    dimensions: int

    def check(self, asked: EmbeddingsRequest) -> None:
        """Refuse another model, and other dimensions."""
        if asked.model not in {self.version, self.version.partition("/")[0]}:
            raise UnknownModel.field("model", f"{asked.model!r} makes no embeddings here; there is {self.version!r}")
        if asked.dimensions not in {None, self.dimensions}:
            raise Malformed.field("dimensions", f"must be {self.dimensions}, which is what this model has; or none")


def embeddings_door(reception: Reception, embed_texts: EmbedTexts) -> HTTPRouteHandler:
    """Make the route."""

    @post("/v1/embeddings", status_code=200, include_in_schema=False, exception_handlers=openai_handlers)
    async def embeddings(request: LeanRequest) -> Response[Any]:
        """Embed texts."""
        await reception.tenant(request)
        check_kind(request.scope["headers"])
        asked = read(await request.body(), EmbeddingsRequest)
        model = OurModel(embed_texts.embedder.version, embed_texts.embedder.dimensions)
        model.check(asked)
        made = await embed_texts([asked.input] if isinstance(asked.input, str) else asked.input)
        return Reply(_told(model, asked, made), ())

    return embeddings


def _told(model: OurModel, asked: EmbeddingsRequest, made: Sequence[Embedding]) -> Mapping[str, Any]:
    tokens = sum(each.tokens for each in made)
    written = _as_base64 if asked.encoding_format == "base64" else _as_numbers
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": written(each)} for at, each in enumerate(made)],
        "model": model.version,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _as_numbers(embedding: Embedding) -> Sequence[float]:
    return embedding.vector.tolist()


def _as_base64(embedding: Embedding) -> str:
    return b64encode(embedding.vector.tobytes()).decode()
