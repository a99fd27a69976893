"""/api/v1/cache/feedback and /quality: reports of users, and the report to them."""

import time
from collections.abc import Iterator

import pytest

from tests.entrypoints.http.service import PROBLEM, Service, memory_settings, serving
from tests.entrypoints.http.test_cache_doors import remember

ASKED = "What is RAGBoost?"


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Decide by evidence."""
    settings = memory_settings(tmp_path_factory.mktemp("verified"), semantic={"policy": "verified"})
    with serving(settings) as service:
        yield service


@pytest.fixture
def namespace() -> str:
    """Name a namespace of which nothing is known."""
    return f"n{time.monotonic_ns()}"


def test_a_wrong_answer_is_gone(service: Service) -> None:
    entry = remember(service, ASKED)

    reply = service.report(entry, ASKED, correct=False, note="nonsense")

    assert (reply.status_code, reply.json()) == (200, {"removed": True, "known": False})
    assert service.entry(entry).status_code == 404


def test_reporting_twice_is_no_error(service: Service) -> None:
    entry = remember(service, "What is an entry?")
    service.report(entry, ASKED, correct=False)

    assert service.report(entry, ASKED, correct=False).json() == {"removed": False, "known": True}


def test_who_praises_what_is_gone_is_told_so(service: Service) -> None:
    entry = remember(service, "What is a tag?")
    service.report(entry, ASKED, correct=False)

    assert service.report(entry, ASKED, correct=True).status_code == 404


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"query": ASKED, "correct": True}, "entry_id"),
        ({"entry_id": "", "query": ASKED, "correct": True}, "entry_id"),
        ({"entry_id": "e", "correct": True}, "query"),
        ({"entry_id": "e", "query": "  ", "correct": True}, "query"),
        ({"entry_id": "e", "query": ASKED}, "correct"),
        ({"entry_id": "e", "query": ASKED, "correct": "no"}, "correct"),
        ({"entry_id": "e", "query": ASKED, "correct": True, "note": "n" * 1001}, "note"),
        ({"entry_id": "e", "query": ASKED, "correct": True, "rating": 5}, "rating"),
    ],
)
def test_a_report_that_cannot_be_understood_names_the_field(
    service: Service, said: dict[str, object], field: str
) -> None:
    reply = service.client.post("/api/v1/cache/feedback", json=said)

    assert (reply.status_code, reply.headers["content-type"]) == (400, PROBLEM)
    assert field in reply.text


def test_other_tenants_and_unknown_entries_cannot_be_told_apart(production: Service) -> None:
    ours, theirs = (
        {"x-api-key": production.create_key(f"{name}-{time.monotonic_ns()}").secret} for name in ("ours", "theirs")
    )
    entry = production.ask(ASKED, ours) and production.ask(ASKED, ours).json()["cache_info"]["entry_id"]
    replies = [production.report(each, ASKED, False, theirs) for each in (entry, "0" * 64)]

    assert [each.status_code for each in replies] == [404, 404]
    assert len({each.json()["detail"] for each in replies}) == 1
    assert production.entry(entry, ours).status_code == 200


def test_a_key_without_the_right_reports_nothing(production: Service) -> None:
    name = f"reader-{time.monotonic_ns()}"
    key = {"x-api-key": production.create_key(name, may_report=False).secret}
    production.ask(ASKED, key)
    entry = production.ask(ASKED, key).json()["cache_info"]["entry_id"]

    reply = production.report(entry, ASKED, False, key)

    assert (reply.status_code, reply.headers["content-type"]) == (403, PROBLEM)
    assert production.entry(entry, key).status_code == 200
    assert production.quality(key).status_code == 200


@pytest.mark.parametrize("door", ["feedback", "quality"])
def test_strangers_are_turned_away(production: Service, door: str) -> None:
    replies = {"feedback": lambda: production.report("e", ASKED, False), "quality": production.quality}

    assert replies[door]().status_code == 401


def test_the_report_counts_and_measures(verified: Service, namespace: str) -> None:
    verified.says("One.", "Two.")
    verified.ask("Where is my parcel?", namespace=namespace)
    verified.ask("Where is my parcel?", namespace=namespace)
    verified.ask("Can I cancel order 4711 today?", namespace=namespace)
    verified.ask("Can I cancel order 4712 today?", namespace=namespace)
    (report,) = verified.quality(namespace=namespace).json()["namespaces"]

    assert (report["requests"], report["exact_hits"], report["semantic_hits"], report["hit_rate"]) == (4, 1, 0, 0.25)
    assert (report["budget"], report["breached"]) == (0.01, False)
    assert report["measured_wrong_rate"] == {"rate": 0.0, "low": 0.0, "high": 0.0, "checks": 0}
    assert [each["budget"] for each in report["at_other_budgets"]] == [0.0025, 0.005, 0.01, 0.02, 0.05]
    (miss,) = report["nearest_misses"]
    assert (miss["stored"], miss["asked"]) == ("Can I cancel order 4711 today?", "Can I cancel order 4712 today?")
    assert (miss["reason"], miss["differences"]) == ("different", ["numbers"])


def test_a_verdict_is_shown_with_the_answer(verified: Service, namespace: str) -> None:
    verified.ask("Can I cancel order 4711 today?", namespace=namespace)
    info = verified.ask("Can I cancel order 4712 today?", namespace=namespace).json()["cache_info"]

    assert (info["cache_hit"], info["reason"], info["differences"]) == (False, "different", ["numbers"])
    assert 0 <= info["probability"] <= 1


def test_a_namespace_of_which_nothing_is_known_is_not_reported(service: Service, namespace: str) -> None:
    assert service.quality(namespace=namespace).json()["namespaces"] == []


def test_a_namespace_that_cannot_be_is_refused(service: Service) -> None:
    reply = service.quality(namespace="not a name")

    assert reply.status_code == 400
    assert "namespace" in reply.text


def test_a_purge_takes_the_words_of_the_report_with_it(verified: Service, namespace: str) -> None:
    verified.ask("Can I cancel order 4711 today?", namespace=namespace)
    verified.ask("Can I cancel order 4712 today?", namespace=namespace)
    verified.purge(namespace=namespace)
    (report,) = verified.quality(namespace=namespace).json()["namespaces"]

    assert report["nearest_misses"] == []
    assert report["requests"] == 2
