"""The OpenAPI document: its frame, and how bodies and problems are shown in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.datastructures import ResponseHeader
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, Example, OpenAPI, SecurityScheme

from entrypoints.http.problems import FieldError, Problem

SCALAR = "1.72.1"
"""The version of the page's script, which comes from a CDN: what runs beside people's keys must not change unseen."""

EXAMPLES = {
    400: Problem(
        "Bad Request", 400, "query: must not be blank", "3f1c", errors=(FieldError("query", "must not be blank"),)
    ),
    401: Problem("Unauthorized", 401, "this API key is unknown or revoked", "3f1c"),
    403: Problem("Forbidden", 403, "this API key may not report on answers, nor give any", "3f1c"),
    404: Problem("Not Found", 404, "no entry of that id is remembered", "3f1c"),
    413: Problem("Request Entity Too Large", 413, "body: has more than 1,000,000 bytes; send less at once", "3f1c"),
    415: Problem("Unsupported Media Type", 415, "Content-Type: must be application/json, not 'text/plain'", "3f1c"),
    503: Problem("Service Unavailable", 503, "openai did not answer within 30 s", "3f1c"),
    504: Problem("Gateway Timeout", 504, "only-if-cached: the question was not asked before", "3f1c"),
}


def header(name: str, description: str) -> ResponseHeader:
    """Document a response header that is a text."""
    return ResponseHeader(name, documentation_only=True, value="", description=description)


REQUEST_ID = header("X-Request-Id", "The caller's own, or a new one; it is in every log line.")
ANSWER_HEADERS = (
    header("X-RAGBoost-Cache", "`exact`, `semantic`, `stale`, `miss`, `coalesced` or `pass`."),
    header("X-RAGBoost-Cost", "US dollars that this answer cost, or `unknown`."),
    header("X-RAGBoost-Saved", "US dollars that memory saved, or `unknown`."),
    header("Age", "Seconds since the answer was remembered; only when it was."),
    header("Server-Timing", "The milliseconds that each stage took."),
)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Document the problems of a route that reads a body."""
    return problems_without_body(*statuses, 413, 415)


def problems_without_body(*statuses: int) -> dict[int, ResponseSpec]:
    """Document the problems that a route may answer with, each with an example."""
    return {
        status: ResponseSpec(
            Problem,
            description=HTTPStatus(status).phrase,
            media_type="application/problem+json",
            generate_examples=False,
            examples=[Example(value=EXAMPLES[status])],
        )
        for status in statuses
    }


@dataclass
class Document(OpenAPI):
    """Litestar's document, with msgspec's own schemas: these know every limit that decoding enforces."""

    bodies: Sequence[msgspec.Struct] = field(default=(), metadata={"exclude": True})

    def to_schema(self) -> dict[str, Any]:
        """Give the document as it is served."""
        document = super().to_schema()
        document.pop("bodies", None)
        document["components"]["schemas"].update(_schemas(self.bodies))
        return document


@dataclass
class Documentation(OpenAPIConfig):
    """Litestar's configuration, with *bodies*: an example of every request and response."""

    bodies: Sequence[msgspec.Struct] = ()

    def to_openapi_schema(self) -> OpenAPI:
        """Give the frame, before routes are put into it."""
        frame = super().to_openapi_schema()
        return Document(**{name: getattr(frame, name) for name in frame.__dataclass_fields__}, bodies=self.bodies)


def openapi(version: str, bodies: Sequence[msgspec.Struct]) -> OpenAPIConfig:
    """Give the frame of the document; the page is at /schema."""
    schemes: dict[str, SecurityScheme] = {
        "key": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
        "bearer": SecurityScheme(type="http", scheme="bearer"),
    }
    return Documentation(
        title="RAGBoost",
        version=version,
        description="Remembers the answers of language models.",
        render_plugins=[ScalarRenderPlugin(version=SCALAR)],
        components=Components(security_schemes=dict(schemes)),
        security=[{}, {"key": []}, {"bearer": []}],
        use_handler_docstrings=True,
        bodies=bodies,
    )


def _schemas(bodies: Sequence[msgspec.Struct]) -> dict[str, Any]:
    kinds = [type(each) for each in bodies]
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    examples = {type(each).__name__: [msgspec.json.decode(msgspec.json.encode(each))] for each in bodies}
    return {
        name: {**schema, "examples": examples[name]} if name in examples else schema for name, schema in schemas.items()
    }
