import re
import signal
from pathlib import Path

import pytest
from qdrant_client import models

from entrypoints.cli.serve import CannotServe
from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import PATIENCE, running
from tests.qdrant_server import ScriptedQdrant


def test_ctrl_c_ends_the_service_without_a_word(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.post("/api/v1/query", {"query": "What is RAGBoost?"})
        before = service.client.get("/health")
        service.process.send_signal(signal.SIGINT)

        assert service.process.wait(PATIENCE) == 0

    assert before.status_code == 200
    assert "Aborted" not in service.log
    assert "Traceback" not in service.log


def test_answers_that_cannot_be_opened_are_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "answers.db").mkdir()

    with pytest.raises(AssertionError) as ended, running(tmp_path, RAGBOOST_ANSWER_CACHE_KIND="sqlite"):
        pass

    assert f"ragboost: {tmp_path}/answers.db cannot be opened: " in str(ended.value)
    assert "Traceback" not in (tmp_path / "output.txt").read_text()


def test_head_is_get_without_the_body(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for path in ("/health", "/ready", "/metrics", "/api/v1/cache/stats"):
            whole, head = service.client.get(path), service.client.head(path)

            assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])
            assert head.content == b""
        assert service.client.head("/api/v1/query").status_code == 405
        assert service.client.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize("host", ["", " ", "a b"])
def test_a_host_that_is_none_is_refused_by_its_option(main: Main, run: Run, host: str) -> None:
    assert run("serve", "--host", host, "--port", "0").exit_code == 2

    status, said = main("serve", "--host", host, "--port", "0")

    assert status == 2
    assert "Invalid value for --host: must be a name without spaces" in said


def test_production_needs_a_key_that_is_not_revoked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys", "create", "acme")
    run("keys", "revoke", "acme")
    monkeypatch.setenv("RAGBOOST_ENVIRONMENT", "production")

    refused = run("serve", "--port", "0").exception

    assert isinstance(refused, CannotServe)
    assert "ragboost keys create" in str(refused)


@pytest.mark.usefixtures("run")  # for its environment
def test_an_index_that_was_made_for_something_else_is_refused(
    main: Main, monkeypatch: pytest.MonkeyPatch, qdrant_server: ScriptedQdrant
) -> None:
    others = models.VectorParams(size=7, distance=models.Distance.COSINE)
    qdrant_server.do(qdrant_server.store.create_collection("ragboost-hashing-1-256", others))
    monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "qdrant")
    monkeypatch.setenv("QDRANT_URL", qdrant_server.url)

    status, said = main("serve", "--port", "0")

    assert status == 1
    assert "its vectors have 7 dimensions, those of hashing/1/256 have 256" in said
    assert "Remove it" in said


def test_a_server_that_is_away_keeps_nobody_from_serving(tmp_path: Path) -> None:
    with running(tmp_path, RAGBOOST_VECTOR_INDEX_KIND="qdrant", QDRANT_URL="http://127.0.0.1:9") as service:
        assert service.post("/api/v1/query", {"query": "What is RAGBoost?"}).status_code == 200
        assert service.client.get("/ready").json()["status"] == "degraded"
        assert "vector_index_away" in service.log


def test_production_serves_the_holder_of_a_key(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGBOOST_DATA_FOLDER", str(tmp_path))
    run("keys", "create", "old")
    run("keys", "revoke", "old")
    secret = re.findall(r"rb_\S+", run("keys", "create", "new").stdout)[0]

    with running(tmp_path, {"X-API-Key": secret}, RAGBOOST_ENVIRONMENT="production") as service:
        assert service.client.get("/api/v1/cache/stats").status_code == 200
