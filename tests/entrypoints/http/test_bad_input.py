"""What is refused, and that each refusal says what to change."""

import json

import pytest
from hypothesis import given, settings
from hypothesis.strategies import binary, sampled_from, text

from tests.entrypoints.http.service import PROBLEM, QUERIES, QUERY, Service

NAME = "Expected `str` matching regex"


def turns(*roles: str) -> list[dict[str, str]]:
    return [{"role": role, "content": "Hello."} for role in roles]


@pytest.mark.parametrize(
    ("asked", "field", "remedy"),
    [
        ({}, "query", "is required"),
        ({"query": None}, "query", "is required"),
        ({"query": "a", "messages": turns("user")}, "query", "never both"),
        ({"query": ""}, "query", "must not be blank"),
        ({"query": " \n\t\u3000"}, "query", "must not be blank"),
        ({"query": "x" * 10_001}, "query", "has 10001 characters; at most 10000 are allowed"),
        ({"query": "a\0b"}, "query", "must not contain NUL"),
        ({"query": 7}, "query", "Expected `str | null`, got `int`"),
        ({"query": ["a"]}, "query", "Expected `str | null`, got `array`"),
        ({"messages": []}, "messages", "length >= 1"),
        ({"messages": "hello"}, "messages", "Expected `array | null`, got `str`"),
        ({"messages": turns("user", "assistant")}, "messages", "must end with a message of the user"),
        ({"messages": turns("robot")}, "messages[0].role", "Invalid enum value 'robot'"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "is required"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content", "must not be blank"),
        ({"messages": [{"role": "user", "content": "a\0"}]}, "messages[0].content", "must not contain NUL"),
        ({"messages": [{"role": "user", "content": "x" * 10_001}]}, "messages[0].content", "has 10001 characters"),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages[0].name", "is not a field"),
        ({"query": "a", "provider": "opnai"}, "provider", "did you mean 'openai'?"),
        ({"query": "a", "provider": "x" * 65}, "provider", "length <= 64"),
        ({"query": "a", "provider": "extractive", "model": "gpt"}, "model", "leave the field out"),
        ({"query": "a", "model": 1}, "model", "Expected `str | null`"),
        ({"query": "a", "max_tokens": 0}, "max_tokens", "Expected `int` >= 1"),
        ({"query": "a", "max_tokens": 1.5}, "max_tokens", "Expected `int | null`, got `float`"),
        ({"query": "a", "max_tokens": 10**30}, "max_tokens", ""),
        ({"query": "a", "temperature": 2.1}, "temperature", "<= 2"),
        ({"query": "a", "temperature": "hot"}, "temperature", "Expected `float | null`, got `str`"),
        ({"query": "a", "use_cache": "yes"}, "use_cache", "Expected `bool`, got `str`"),
        ({"query": "a", "namespace": "a b"}, "namespace", NAME),
        ({"query": "a", "namespace": ""}, "namespace", NAME),
        ({"query": "a", "namespace": "a\n"}, "namespace", NAME),
        ({"query": "a", "namespace": "../a"}, "namespace", NAME),
        ({"query": "a", "tags": "faq"}, "tags", "Expected `array`, got `str`"),
        ({"query": "a", "tags": ["ok", "not ok"]}, "tags[1]", NAME),
        ({"query": "a", "tags": ["a"] * 17}, "tags", "length <= 16"),
        ({"query": "a", "ttl": 0}, "ttl", "Expected `int` >= 1"),
        ({"query": "a", "ttl": 31_536_001}, "ttl", "Expected `int` <= 31536000"),
        ({"query": "a", "quer": "b"}, "quer", "did you mean 'query'?"),
        ({"query": "a", "max_token": 5}, "max_token", "did you mean 'max_tokens'?"),
        ({"query": "a", "zzz": 1}, "zzz", "is not a field of this request; there is "),
        ({"query": "a", "tenant": "acme"}, "tenant", "is not a field"),
    ],
)
def test_each_bad_field_is_named_with_its_remedy(
    service: Service, asked: dict[str, object], field: str, remedy: str
) -> None:
    reply = service.client.post(QUERY, json=asked)
    (error,) = reply.json()["errors"]
    assert reply.status_code == 400
    assert reply.headers["content-type"] == PROBLEM
    assert error["field"] == field
    assert remedy in error["message"]
    assert error["field"] in reply.json()["detail"]
    assert service.model.calls == 0


@pytest.mark.parametrize(
    ("body", "field", "remedy"),
    [
        (b"", "body", "is required"),
        (b"{", "body", "is not valid JSON"),
        (b"hello", "body", "is not valid JSON"),
        (b"[]", "body", "Expected `object`, got `array`"),
        (b"null", "body", "Expected `object`, got `null`"),
        (b'"hello"', "body", "Expected `object`, got `str`"),
        (b'{"query": "a"} {"query": "b"}', "body", "is not valid JSON"),
        (b"{'query': 'a'}", "body", "is not valid JSON"),
        (b'{"query": NaN}', "body", "NaN is no number"),
        (b'{"query": "a", "temperature": 1e999}', "temperature", ""),
        (b"[" * 100_000, "body", ""),
        (b'{"query": ' + b"[" * 5_000, "query", ""),
        (b'{"query": "\xff\xfe"}', "body", "is not valid JSON"),
        ('{"query": "Wie geht das? ä"}'.encode("latin-1"), "body", "is not valid JSON"),
        ('{"query": "a"}'.encode("utf-16"), "body", "is not valid JSON"),
        (b'{"query": "\\ud800"}', "query", "half of a surrogate pair"),
        (b'{"query": "a \\udfff b"}', "query", "half of a surrogate pair"),
        (b'{"query": "\xed\xa0\x80"}', "query", "half of a surrogate pair"),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', "messages", "half of a surrogate pair"),
        (b'{"query": "a", "tags": ["\\ud800"]}', "tags", "half of a surrogate pair"),
        (b'{"\\ud800": 1, "query": "a"}', "body", "half of a surrogate pair"),
        (b'{"\\ud800": "\\ud800"}', "body", "half of a surrogate pair"),
        ('{"query": "😀", "tags": ["\\ud800"]}'.encode(), "tags", "half of a surrogate pair"),
    ],
)
def test_a_body_that_is_no_json_object_says_so(service: Service, body: bytes, field: str, remedy: str) -> None:
    reply = service.send(body)
    (error,) = reply.json()["errors"]
    assert reply.status_code == 400
    assert reply.headers["content-type"] == PROBLEM
    assert error["field"] == field
    assert remedy in error["message"]
    assert service.model.calls == 0


@pytest.mark.parametrize("depth", [*range(800, 1001, 10), 10_000])
def test_broken_json_that_is_nested_deeply_is_refused_like_any_other(service: Service, depth: int) -> None:
    reply = service.send(b'{"query": "\\ud800", "x": ' + b"[" * depth + b"]" * depth + b"}")
    assert reply.status_code == 400
    assert reply.headers["content-type"] == PROBLEM
    assert reply.json()["errors"]


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(body=binary() | text().map(str.encode), kind=sampled_from(["application/json", None, "application/json; x"]))
def test_no_bytes_whatever_are_a_server_error(open_service: Service, body: bytes, kind: str | None) -> None:
    reply = open_service.send(body, kind=kind)
    assert reply.status_code == (400 if kind or not body else 415)
    assert reply.json()["errors"][0]["field"]


@pytest.mark.parametrize(
    "path", [QUERY, QUERIES, *(f"/api/v1/cache/{door}" for door in ("judge", "purge", "explain", "entries"))]
)
def test_20_megabytes_are_refused_at_every_door(service: Service, path: str) -> None:
    reply = service.send(b'{"query": "' + b"x" * 20_000_000 + b'"}', path)
    assert reply.status_code == 413
    assert reply.headers["content-type"] == PROBLEM
    assert reply.json()["request_id"] == reply.headers["x-request-id"]
    (error,) = reply.json()["errors"]
    assert error["field"] == "body"
    assert "1,000,000 bytes" in error["message"]
    assert "RAGBOOST_MAX_BODY_BYTES" in error["message"]


def test_the_largest_question_fits(service: Service) -> None:
    assert service.ask("\N{GRINNING FACE}" * 10_000).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", QUERY, {"POST", "OPTIONS"}),
        ("DELETE", QUERY, {"POST", "OPTIONS"}),
        ("PATCH", "/api/v1/cache/purge", {"POST", "OPTIONS"}),
        ("POST", "/health", {"GET", "OPTIONS"}),
        ("PUT", "/api/v1/cache/entries/abc", {"GET", "DELETE", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(service: Service, method: str, path: str, allowed: set[str]) -> None:
    reply = service.client.request(method, path)
    assert reply.status_code == 405
    assert reply.headers["content-type"] == PROBLEM
    assert set(reply.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/", "/api/v1/questions", "/api/v2/query", "/api/v1/cache", "/api/v1/query/../../x"])
def test_a_wrong_path_is_a_problem_too(service: Service, path: str) -> None:
    reply = service.client.post(path, json={"query": "a"})
    assert reply.status_code == 404
    assert reply.headers["content-type"] == PROBLEM
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
    ],
)
def test_what_a_strange_web_page_could_send_unasked_is_refused(service: Service, kind: str | None) -> None:
    headers = None if kind is None else {"content-type": kind}
    reply = service.client.post(QUERY, content=b'{"query": "a"}', headers=headers)
    (error,) = reply.json()["errors"]
    assert reply.status_code == 415
    assert reply.headers["content-type"] == PROBLEM
    assert error["field"] == "Content-Type"
    assert "must be application/json" in error["message"]
    assert service.model.calls == 0


@pytest.mark.parametrize("door", ["judge", "purge", "explain"])
def test_no_door_of_memory_reads_a_body_of_no_stated_kind(service: Service, door: str) -> None:
    service.ask("What is RAGBoost?")
    assert service.send(b'{"all": true}', f"/api/v1/cache/{door}", kind=None).status_code == 415
    assert service.ask("What is RAGBoost?").headers["x-ragboost-cache"] == "exact"


def test_one_kind_that_is_json_does_not_hide_another(service: Service) -> None:
    kinds = [("content-type", "application/json"), ("content-type", "text/plain")]
    assert service.client.post(QUERY, content=b'{"query": "a"}', headers=kinds).status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])
def test_json_by_any_name_is_read(service: Service, kind: str) -> None:
    assert service.send(b'{"query": "a"}', kind=kind).status_code == 200


@pytest.mark.parametrize(
    "header", ["max-age=-1", "max-age=soon", "max-age=", "max-age", "max-stale=1.5", "max-stale=", 'max-age="²"']
)
def test_a_directive_without_its_seconds_is_refused(service: Service, header: str) -> None:
    reply = service.client.post(QUERY, json={"query": "a"}, headers=[(b"cache-control", header.encode("latin-1"))])
    (error,) = reply.json()["errors"]
    assert reply.status_code == 400
    assert error["field"] == "Cache-Control"
    assert header.partition("=")[0] in error["message"]


@pytest.mark.parametrize(
    ("door", "asked", "field"),
    [
        ("judge", {}, "pairs"),
        ("judge", {"pairs": []}, "pairs"),
        ("judge", {"pairs": [{"stored": "a"}]}, "pairs[0].asked"),
        ("judge", {"pairs": [{"stored": "a", "asked": " "}]}, "pairs[0].asked"),
        ("judge", {"pairs": [{"stored": "x" * 10_001, "asked": "a"}]}, "pairs[0].stored"),
        ("judge", {"pairs": [{"stored": "a", "asked": "b", "askedd": "c"}]}, "pairs[0].askedd"),
        ("judge", {"pairs": [{"stored": "a", "asked": "b"}] * 257}, "pairs"),
        ("purge", {}, "all"),
        ("purge", {"all": True, "tag": "a"}, "all"),
        ("purge", {"dry_run": True}, "all"),
        ("purge", {"all": "yes"}, "all"),
        ("purge", {"tag": "not ok"}, "tag"),
        ("purge", {"namespace": ""}, "namespace"),
        ("purge", {"model": ""}, "model"),
        ("purge", {"older_than": -1}, "older_than"),
        ("purge", {"older_than": 10**400}, "older_than"),
        ("purge", {"tags": "a"}, "tags"),
        ("explain", {}, "one"),
        ("explain", {"one": {"query": "a"}}, "other"),
        ("explain", {"one": {"query": "a"}, "other": {"query": " "}}, "query"),
        ("explain", {"one": {"query": "a"}, "other": {"query": "a", "modelx": "b"}}, "other.modelx"),
    ],
)
def test_the_doors_of_memory_name_the_field_too(
    service: Service, door: str, asked: dict[str, object], field: str
) -> None:
    reply = service.send(json.dumps(asked).encode(), f"/api/v1/cache/{door}")
    assert reply.status_code == 400
    assert reply.headers["content-type"] == PROBLEM
    assert [each["field"] for each in reply.json()["errors"]] == [field]
