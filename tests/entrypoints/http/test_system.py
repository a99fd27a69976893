"""/health, /ready, /metrics."""

import re
from importlib.metadata import version

import pytest

from domain.generation import ModelBroken
from tests.entrypoints.http.service import Service

SAMPLE = re.compile(r"[a-z_]+(\{[^}]*\})? [0-9.e+-]+|[a-z_]+(\{[^}]*\})? \+Inf")


def metric(service: Service, name: str) -> float:
    """Give the value of the sample *name*, labels included; 0 where there is none."""
    lines = service.client.get("/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def test_health_says_that_the_process_is_alive(service: Service) -> None:
    reply = service.client.get("/health")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok", "version": version("ragboost")})


def test_ready_names_each_dependency_with_its_latency(service: Service) -> None:
    reply = service.client.get("/ready")
    assert reply.status_code == 200
    assert reply.json()["status"] == "ready"
    assert [each["name"] for each in reply.json()["dependencies"]] == [
        "key_ring",
        "answer_cache",
        "vector_index",
        "embedder",
        "calibration_store",
        "purge_journal",
        "ledger",
    ]
    assert all(each["alive"] and each["latency_ms"] >= 0 and each["error"] is None for each in _dependencies(service))


@pytest.mark.parametrize(
    ("part", "name"), [("stored_answers", "answer_cache"), ("vector_index", "vector_index"), ("embedder", "embedder")]
)
def test_without_a_part_of_its_memory_the_service_is_degraded(service: Service, part: str, name: str) -> None:
    service.parts[part].trouble = OSError("no space left on device")
    reply = service.client.get("/ready")
    assert reply.status_code == 200
    assert reply.json()["status"] == "degraded"
    errors = {each["name"]: each["error"] for each in reply.json()["dependencies"] if not each["alive"]}
    assert errors == {name: "no space left on device"}


def test_metrics_are_prometheus_text(service: Service) -> None:
    reply = service.client.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line for line in reply.text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples)


def test_metrics_count_answers_by_their_origin(service: Service) -> None:
    names = [f'ragboost_answer_duration_seconds_count{{origin="{each}"}}' for each in ("generated", "exact_hit")]
    before = [metric(service, name) for name in names]
    for _ in range(3):
        service.ask()
    assert [metric(service, name) for name in names] == [before[0] + 1, before[1] + 2]


def test_metrics_count_tokens_failures_and_removals(service: Service) -> None:
    names = (
        'ragboost_tokens_total{kind="provider",model="scripted-1",provider="openai"}',
        'ragboost_part_failures_total{part="vector_index"}',
        'ragboost_answers_removed_total{cause="purged"}',
        'ragboost_question_failures_total{error="ModelBroken"}',
    )
    before = [metric(service, name) for name in names]
    service.says("Three little words.")
    service.ask()
    service.purge()
    service.parts["vector_index"].trouble = OSError("gone")
    service.ask("something else")
    service.says([ModelBroken("openai failed with 500")])
    service.ask("a third thing")
    after = [metric(service, name) for name in names]
    changes = [now - then for now, then in zip(after, before, strict=True)]
    assert changes[0] == 20
    assert changes[1] >= 1
    assert changes[2] == 1
    assert changes[3] == 1


def test_no_metric_holds_what_was_asked(service: Service) -> None:
    service.ask("Who is the mole in accounting?", tags=["sekrit-tag"], namespace="sekrit-space")
    text = service.client.get("/metrics").text
    assert "mole" not in text
    assert "sekrit" not in text


def _dependencies(service: Service) -> list[dict[str, object]]:
    found: list[dict[str, object]] = service.client.get("/ready").json()["dependencies"]
    return found
