"""The OpenAPI document: its frame, and how problems are shown in it."""

from http import HTTPStatus

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, Example, SecurityScheme

from entrypoints.http.problems import FieldError, Problem

EXAMPLES = {
    400: Problem(
        "Bad Request", 400, "query: must not be blank", "3f1c", errors=(FieldError("query", "must not be blank"),)
    ),
    401: Problem("Unauthorized", 401, "this API key is unknown or revoked", "3f1c"),
    404: Problem("Not Found", 404, "no entry of that id is remembered", "3f1c"),
    413: Problem("Request Entity Too Large", 413, "the body is larger than 1000000 bytes", "3f1c"),
    503: Problem("Service Unavailable", 503, "openai did not answer within 30 s", "3f1c"),
    504: Problem("Gateway Timeout", 504, "only-if-cached: the question was not asked before", "3f1c"),
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Document the problems that a route may answer with, each with an example."""
    return {
        status: ResponseSpec(
            Problem,
            description=HTTPStatus(status).phrase,
            media_type="application/problem+json",
            generate_examples=False,
            examples=[Example(value=EXAMPLES[status])],
        )
        for status in (*statuses, 413)
    }


def openapi(version: str) -> OpenAPIConfig:
    """Give the frame of the document; the page is at /schema."""
    schemes: dict[str, SecurityScheme] = {
        "key": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
        "bearer": SecurityScheme(type="http", scheme="bearer"),
    }
    return OpenAPIConfig(
        title="RAGBoost",
        version=version,
        description="Remembers the answers of language models.",
        render_plugins=[ScalarRenderPlugin()],
        components=Components(security_schemes=dict(schemes)),
        security=[{}, {"key": []}, {"bearer": []}],
    )
