"""The OpenAPI document: complete, true, and with examples."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from tests.entrypoints.http.service import PROBLEM, Service

ROUTES = {
    ("post", "/api/v1/query"): {"200", "400", "401", "413", "415", "503", "504"},
    ("post", "/api/v1/queries"): {"200", "400", "401", "413", "415", "503"},
    ("post", "/api/v1/cache/judge"): {"200", "400", "401", "413", "415", "503"},
    ("get", "/api/v1/cache/stats"): {"200", "401", "503"},
    ("post", "/api/v1/cache/entries"): {"200", "400", "401", "403", "413", "415", "503"},
    ("get", "/api/v1/cache/entries/{entry_id}"): {"200", "400", "401", "404", "503"},
    ("delete", "/api/v1/cache/entries/{entry_id}"): {"204", "400", "401", "404", "503"},
    ("post", "/api/v1/cache/purge"): {"200", "400", "401", "413", "415", "503"},
    ("post", "/api/v1/cache/explain"): {"200", "400", "401", "413", "415"},
    ("post", "/api/v1/cache/feedback"): {"200", "400", "401", "403", "404", "413", "415", "503"},
    ("get", "/api/v1/cache/quality"): {"200", "400", "401", "503"},
    ("get", "/health"): {"200"},
    ("get", "/ready"): {"200", "503"},
    ("get", "/metrics"): {"200"},
}

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(open_service: Service) -> Document:
    found: Document = open_service.client.get("/schema/openapi.json").json()
    return found


def operations(document: Document) -> Mapping[tuple[str, str], Document]:
    return {(method, path): each for path, item in document["paths"].items() for method, each in item.items()}


def contents(document: Document) -> Iterator[tuple[tuple[str, str], str, str, Document]]:
    """Give every documented body: its route, status, media type, and what is said of it."""
    for route, operation in operations(document).items():
        for status, response in operation["responses"].items():
            for kind, content in (response.get("content") or {}).items():
                yield route, status, kind, content


def test_every_door_and_every_status_is_documented(document: Document) -> None:
    assert {route: set(each["responses"]) for route, each in operations(document).items()} == ROUTES


def test_every_door_says_what_it_is_for(document: Document) -> None:
    assert all(each["summary"] and each["description"] and each["tags"] for each in operations(document).values())


def test_every_problem_is_a_problem_with_an_example(document: Document) -> None:
    problems = [(kind, content) for _, status, kind, content in contents(document) if int(status) in range(400, 500)]
    assert problems
    assert {kind for kind, _ in problems} == {PROBLEM}
    assert all(content["schema"] == {"$ref": "#/components/schemas/Problem"} for _, content in problems)
    assert all(content["examples"] for _, content in problems)


def test_every_body_has_an_example(document: Document) -> None:
    bodies = [content for *_, kind, content in contents(document) if kind == "application/json"]
    bodies += [each["requestBody"]["content"]["application/json"] for each in _with_bodies(document)]
    assert len(bodies) == 13 + 7
    assert all(_component(document, body["schema"]["$ref"])["examples"] for body in bodies)


def test_every_example_fits_its_schema(document: Document) -> None:
    schemas = document["components"]["schemas"]
    examples = [
        ({"$ref": f"#/components/schemas/{name}"}, each) for name in schemas for each in _examples(schemas[name])
    ]
    examples += [
        (content["schema"], example["value"])
        for *_, content in contents(document)
        for example in content.get("examples", {}).values()
    ]
    assert len(examples) > 30
    for schema, example in examples:
        jsonschema_rs.validate({**schema, "components": document["components"]}, example)


def test_the_limits_of_a_question_are_documented(document: Document) -> None:
    fields = document["components"]["schemas"]["QueryRequest"]["properties"]
    assert set(fields) == {
        *("query", "messages", "provider", "model", "max_tokens", "temperature"),
        *("use_cache", "namespace", "tags", "ttl", "stream"),
    }
    assert "10000" in str(fields["query"])
    assert document["components"]["schemas"]["QueryRequest"]["additionalProperties"] is False
    assert {"minimum": 0, "maximum": 2, "type": "number"} in fields["temperature"]["anyOf"]


def test_a_stream_is_documented(document: Document) -> None:
    success = document["paths"]["/api/v1/query"]["post"]["responses"]["200"]["content"]
    assert set(success) == {"application/json", "text/event-stream"}
    assert "`error`" in success["text/event-stream"]["schema"]["description"]


def test_both_ways_to_send_a_key_are_documented(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["key"] == {"type": "apiKey", "name": "X-API-Key", "in": "header"}
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")


def test_the_headers_of_an_answer_are_documented(document: Document) -> None:
    headers = operations(document)["post", "/api/v1/query"]["responses"]["200"]["headers"]
    assert set(headers) == {
        *("X-RAGBoost-Cache", "X-RAGBoost-Cost", "X-RAGBoost-Saved"),
        *("Age", "Server-Timing", "X-Request-Id"),
    }
    assert all(each["description"] for each in headers.values())


def _with_bodies(document: Document) -> list[Document]:
    return [each for each in operations(document).values() if "requestBody" in each]


def _component(document: Document, reference: str) -> Document:
    found: Document = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _examples(schema: Document) -> list[object]:
    found: list[object] = schema.get("examples", [])
    return found
