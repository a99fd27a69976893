"""Who is served: keys, tenants, and what is said to those who have none."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from domain.tenancy import KeyRingUnavailable
from tests.entrypoints.http.service import PROBLEM, QUERIES, QUERY, Service, memory_settings, serving

numbers = count()

DOORS = [
    ("POST", QUERY, {"query": "a"}),
    ("POST", QUERIES, {"queries": [{"query": "a"}]}),
    ("POST", "/api/v1/cache/judge", {"pairs": [{"stored": "a", "asked": "b"}]}),
    ("POST", "/api/v1/cache/purge", {"all": True}),
    ("POST", "/api/v1/cache/explain", {"one": {"query": "a"}, "other": {"query": "b"}}),
    ("GET", "/api/v1/cache/stats", None),
    ("GET", "/api/v1/cache/entries/abc", None),
    ("DELETE", "/api/v1/cache/entries/abc", None),
]


@pytest.fixture
def acme(production: Service) -> Mapping[str, str]:
    return a_key(production)


@pytest.fixture
def globex(production: Service) -> Mapping[str, str]:
    return a_key(production)


def a_key(service: Service, tenant: str | None = None) -> Mapping[str, str]:
    return {"x-api-key": service.create_key(f"key-{next(numbers)}", tenant).secret}


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "rb_wrong"},
        {"x-api-key": ""},
        {"authorization": "Bearer rb_wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic cmI6cmI="},
        {"x-tenant": "acme"},
    ],
)
def test_in_production_nobody_is_served_without_a_key(
    production: Service, method: str, path: str, body: object, headers: Mapping[str, str]
) -> None:
    reply = production.client.request(method, path, json=body, headers=headers)
    assert reply.status_code == 401
    assert reply.headers["content-type"] == PROBLEM
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "key" in reply.json()["detail"]
    assert "rb_wrong" not in reply.text


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/schema/openapi.json"])
def test_what_tells_nothing_of_a_tenant_needs_no_key(production: Service, path: str) -> None:
    assert production.client.get(path).status_code == 200


def test_a_key_is_taken_from_either_header(production: Service, acme: Mapping[str, str]) -> None:
    secret = acme["x-api-key"]
    for headers in (
        {"X-API-Key": secret},
        {"Authorization": f"Bearer {secret}"},
        {"authorization": f"bearer {secret}"},
    ):
        assert production.ask(headers=headers).status_code == 200


def test_a_revoked_key_is_refused_within_a_second(production: Service) -> None:
    made = production.create_key(f"key-{next(numbers)}")
    headers = {"x-api-key": made.secret}
    assert production.ask(headers=headers).status_code == 200
    production.revoke_key(made.key.name)
    production.clock.advance(1.001)
    reply = production.ask(headers=headers)
    assert (reply.status_code, reply.json()["detail"]) == (401, "this API key is unknown or revoked")


def test_in_development_everyone_is_served_until_there_is_a_key(tmp_path: Path) -> None:
    with serving(memory_settings(tmp_path)) as service:
        assert service.ask().status_code == 200
        headers = a_key(service)
        service.clock.advance(1.001)
        assert service.ask().status_code == 401
        assert service.ask(headers=headers).status_code == 200


def test_in_development_others_than_this_machine_need_a_key(tmp_path: Path) -> None:
    with serving(memory_settings(tmp_path, host="0.0.0.0")) as service:
        assert service.ask().status_code == 401


def test_two_tenants_share_no_answer(production: Service, acme: Mapping[str, str], globex: Mapping[str, str]) -> None:
    words = [
        production.ask("What is RAGBoost?", headers).headers["x-ragboost-cache"]
        for headers in (acme, globex, acme, globex)
    ]
    assert words == ["miss", "miss", "exact", "exact"]
    by_meaning = production.ask("what is ragboost?", a_key(production))
    assert by_meaning.json()["cache_info"]["reason"] == "no_candidate"


def test_no_answer_of_a_batch_is_another_tenants(
    production: Service, acme: Mapping[str, str], globex: Mapping[str, str]
) -> None:
    asked = ["What is a batch?", "What is a tenant?"]
    words = [
        [each["cache"] for each in production.ask_many(*asked, headers=headers).json()["results"]]
        for headers in (acme, globex, acme)
    ]
    assert words == [["miss"] * 2, ["miss"] * 2, ["exact"] * 2]


def test_two_keys_of_one_tenant_share_its_answers(production: Service) -> None:
    tenant = f"tenant-{next(numbers)}"
    one, other = a_key(production, tenant), a_key(production, tenant)
    production.ask(headers=one)
    assert production.ask(headers=other).headers["x-ragboost-cache"] == "exact"


def test_the_entry_of_another_tenant_does_not_exist(
    production: Service, acme: Mapping[str, str], globex: Mapping[str, str]
) -> None:
    production.ask(headers=acme)
    entry_id = production.ask(headers=acme).json()["cache_info"]["entry_id"]
    path = f"/api/v1/cache/entries/{entry_id}"
    for method in ("GET", "DELETE"):
        stolen = production.client.request(method, path, headers=globex)
        missing = production.client.request(method, f"/api/v1/cache/entries/{'0' * 64}", headers=globex)
        assert (stolen.status_code, stolen.json()["detail"]) == (404, missing.json()["detail"])
    assert production.entry(entry_id, acme).status_code == 200


def test_a_purge_touches_only_the_callers_answers(
    production: Service, acme: Mapping[str, str], globex: Mapping[str, str]
) -> None:
    for headers in (acme, globex):
        production.ask(headers=headers, tags=["faq"])
    assert production.purge(globex, tag="faq", dry_run=True).json()["entries"] == 1
    assert production.purge(globex).json()["entries"] == 1
    assert production.ask(headers=acme).headers["x-ragboost-cache"] == "exact"


def test_stats_are_the_callers_own(production: Service, acme: Mapping[str, str], globex: Mapping[str, str]) -> None:
    production.ask(headers=acme)
    counted = [production.client.get("/api/v1/cache/stats", headers=each).json()["entries"] for each in (acme, globex)]
    assert counted == [1, 0]


def test_when_keys_cannot_be_looked_up_nobody_is_served(tmp_path: Path) -> None:
    with serving(memory_settings(tmp_path, environment="production")) as service:
        headers = a_key(service)
        service.parts["key_ring"].trouble = KeyRingUnavailable("the records cannot be read")
        reply = service.ask(headers=headers)
        ready = service.client.get("/ready")
    assert reply.status_code == 503
    assert reply.headers["content-type"] == PROBLEM
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert [each["name"] for each in ready.json()["dependencies"] if not each["alive"]] == ["key_ring"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_at_the_doors_of_others_a_key_opens_its_own_tenant_s_memory_and_no_other(
    production: Service, path: str
) -> None:
    asked = {"model": "gpt-x", "messages": [{"role": "user", "content": f"Whose memory is behind {path}?"}]}
    one, other = (production.create_key(f"{name}-{next(numbers)}", f"{name}-doors").secret for name in ("one", "other"))
    seen = [
        production.client.post(path, json=asked, headers=headers).headers["x-ragboost-cache"]
        for headers in ({"x-api-key": one}, {"authorization": f"Bearer {one}"}, {"x-api-key": other})
    ]
    assert seen == ["miss", "exact", "miss"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/models"])
@pytest.mark.parametrize("secret", ["no-key-needed", "rb-unknown"])
def test_at_the_doors_of_others_nobody_is_served_without_one(production: Service, path: str, secret: str) -> None:
    asked = {"model": "gpt-x", "messages": [{"role": "user", "content": "Who is there?"}]}
    method = "GET" if path == "/v1/models" else "POST"
    reply = production.client.request(method, path, json=asked, headers={"authorization": f"Bearer {secret}"})
    assert reply.status_code == 401
    assert reply.json()["error"]["message"]
