import re

import pytest

from tests.entrypoints.http.service import Service


def test_a_request_keeps_the_id_it_came_with(service: Service) -> None:
    reply = service.ask(headers={"x-request-id": "Order-66_a.b"})
    assert reply.headers["x-request-id"] == "Order-66_a.b"


def test_a_request_without_an_id_gets_one_of_its_own(service: Service) -> None:
    ids = {service.ask().headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in ids)


@pytest.mark.parametrize("malformed", ["", "two words", "a" * 129, "a\tb", "<script>", "é".encode().decode("latin-1")])
def test_a_malformed_id_is_replaced(service: Service, malformed: str) -> None:
    reply = service.client.get("/health", headers=[(b"x-request-id", malformed.encode("latin-1"))])
    assert re.fullmatch(r"[0-9a-f]{16}", reply.headers["x-request-id"])


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/query"), ("GET", "/nowhere"), ("PUT", "/health")])
def test_every_problem_carries_the_id(service: Service, method: str, path: str) -> None:
    reply = service.client.request(method, path, headers={"x-request-id": "my-id"})
    assert reply.is_error
    assert reply.json()["request_id"] == "my-id"
    assert reply.headers["x-request-id"] == "my-id"
