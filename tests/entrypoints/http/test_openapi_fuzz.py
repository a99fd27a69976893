"""Whatever is thrown at the documented doors: no server error, and every response is as documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.entrypoints.http.listening import Server
from tests.upstream import ScriptedUpstream, openai_answer

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


DOORS = [
    ("POST", "/api/v1/query"),
    ("POST", "/api/v1/queries"),
    ("POST", "/api/v1/cache/judge"),
    ("GET", "/api/v1/cache/stats"),
    ("GET", "/api/v1/cache/entries/{entry_id}"),
    ("DELETE", "/api/v1/cache/entries/{entry_id}"),
    ("POST", "/api/v1/cache/entries"),
    ("POST", "/api/v1/cache/purge"),
    ("POST", "/api/v1/cache/explain"),
    ("POST", "/api/v1/cache/feedback"),
    ("GET", "/api/v1/cache/quality"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
TRIALS = [*((POSITIVE, *door) for door in DOORS), *((NEGATIVE, *door) for door in DOORS if door[0] == "POST")]
"""What fits the document goes to every door, what does not fit to those that read a body."""


@pytest.fixture(scope="module")
def document(server: Server) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{server.url}/schema/openapi.json")


@pytest.fixture(autouse=True)
def an_upstream_that_answers(upstream: ScriptedUpstream) -> None:
    upstream.answer(lambda _: openai_answer("An answer."))


def test_every_door_is_tried(document: schemathesis.BaseSchema) -> None:
    assert [(each.ok().method.upper(), each.ok().path) for each in document.get_all_operations()] == DOORS


@pytest.mark.parametrize(("mode", "method", "path"), TRIALS)
def test_every_door_keeps_to_its_document(
    document: schemathesis.BaseSchema, mode: schemathesis.GenerationMode, method: str, path: str
) -> None:
    @settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def try_it(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, timeout=10)

    try_it()
