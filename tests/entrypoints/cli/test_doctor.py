"""The doctor as operators call it: what it says, how it ends, and what it keeps to itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from adapters.embedder.prepared_model import PreparedModel
from domain.examination import Judgement
from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import running
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import HOST, RedisServer, skip_without_redis

SOUND = ("appendonly yes", "maxmemory 2gb", "maxmemory-policy volatile-lru")
SECRET = "s3cr3t-w0rd/of:us@all"
QUOTED = "s3cr3t-w0rd%2Fof%3Aus%40all"


def told(result: Result) -> dict[tuple[str, str], Any]:
    """Give the findings by part and subject."""
    return {(each["part"], each["subject"]): each for each in json.loads(result.stdout)["findings"]}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, qdrant_server: ScriptedQdrant) -> Iterator[RedisServer]:
    """Choose a Redis with a password, and a Qdrant with a key."""
    skip_without_redis()
    monkeypatch.setenv("COLUMNS", "200")
    qdrant_server.api_key = SECRET
    with RedisServer(SOUND, password=QUOTED) as server:
        server.command("CONFIG", "SET", "requirepass", SECRET)
        server.password = SECRET
        monkeypatch.setenv("RAGBOOST_ANSWER_CACHE_KIND", "redis")
        monkeypatch.setenv("REDIS_URL", f"redis://:{QUOTED}@{HOST}:{server.port}/0")
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "qdrant")
        monkeypatch.setenv("QDRANT_URL", qdrant_server.url)
        monkeypatch.setenv("QDRANT_API_KEY", SECRET)
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        monkeypatch.setenv("RAGBOOST_REDIS_TIMEOUT", "20")
        monkeypatch.setenv("RAGBOOST_QDRANT_TIMEOUT", "20")
        yield server
    qdrant_server.api_key = ""


def test_a_newcomer_hears_what_might_be_better_and_nothing_is_made(run: Run, tmp_path: Path) -> None:
    result = run("doctor")

    assert result.exit_code == 0
    assert "hashed words know no meaning" in " ".join(result.stdout.split())
    assert "2 advice" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_programs_get_json(run: Run) -> None:
    result = run("doctor", "--json")

    assert json.loads(result.stdout)["verdict"] == "advice"
    assert told(result)["records", "keys"] == {
        "part": "records",
        "subject": "keys",
        "found": "none: everyone on this machine is served",
        "judgement": "ok",
        "remedy": "",
    }


def test_what_is_wrong_ends_with_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGBOOST_ENVIRONMENT", "production")
    result = run("doctor")

    assert result.exit_code == 1
    assert "ragboost keys create NAME" in result.stdout
    assert "1 wrong" in result.stdout

    run("keys", "create", "shop")
    assert run("doctor").exit_code == 0


@pytest.mark.usefixtures("run")
def test_settings_that_cannot_be_used_end_with_status_2(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGBOOST_PORT", "x")
    status, said = main("doctor")

    assert status == 2
    assert "RAGBOOST_PORT" in said


class TestModel:
    def test_one_that_is_not_prepared(self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("RAGBOOST_EMBEDDER_KIND", "onnx")
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")
        result = run("doctor", "--json")
        model = told(result)["embedder", "model"]

        assert result.exit_code == 1
        assert model["found"].startswith(f"There is no model in {tmp_path}/data/models")
        assert model["remedy"] == "run `ragboost models prepare`"
        assert ("index", "contents") not in told(result)

    def test_one_that_is(self, run: Run, monkeypatch: pytest.MonkeyPatch, prepared_model: PreparedModel) -> None:
        monkeypatch.setenv("RAGBOOST_EMBEDDER_KIND", "onnx")
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")
        monkeypatch.setenv("RAGBOOST_MODELS_FOLDER", str(prepared_model.folder.parent))
        found = told(run("doctor", "--json"))

        assert found["embedder", "model"]["found"].startswith(prepared_model.manifest.version)
        assert found["index", "contents"]["found"].startswith("none for all-MiniLM-L6-v2/int8/")


class TestBesideAService:
    def test_a_service_that_runs_is_no_error(self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")
        run("keys", "list")
        kinds = {"RAGBOOST_ANSWER_CACHE_KIND": "sqlite", "RAGBOOST_VECTOR_INDEX_KIND": "edge"}
        with running(tmp_path / "data", **kinds) as service:
            service.post("/api/v1/query", {"query": "What is RAGBoost?"})
            result = run("doctor", "--json")
            again = service.post("/api/v1/query", {"query": "What is RAGBoost?"}).json()

        found = told(result)
        assert result.exit_code == 0
        assert found["answers", "use"]["found"] == "a running service has them, as it should"
        assert found["index", "use"]["found"] == "a running service has it, as it should"
        assert again["cache_info"]["cache_hit"]


class TestShared:
    def test_all_is_well(self, run: Run, shared: RedisServer) -> None:
        result = run("doctor", "--json")
        judged = {key: each["judgement"] for key, each in told(result).items()}

        assert result.exit_code == 0, result.stdout
        assert {key for key, judgement in judged.items() if judgement != Judgement.OK} == {("embedder", "model")}
        assert {"redis", "qdrant"} <= {part for part, _ in judged}

    def test_no_key_and_no_password_is_ever_shown(
        self, run: Run, shared: RedisServer, qdrant_server: ScriptedQdrant
    ) -> None:
        well = run("doctor").output + run("doctor", "--json").output
        shared.command("CONFIG", "SET", "requirepass", "other")
        qdrant_server.api_key = "other"
        wrong = run("doctor")
        ill = wrong.output + run("doctor", "--json").output

        assert wrong.exit_code == 1
        assert "REDIS_URL names both, or should" in " ".join(wrong.output.split())
        assert "QDRANT_API_KEY" in ill
        for secret in (SECRET, QUOTED, "s3cr3t"):
            assert secret not in well + ill

    def test_servers_that_are_away_are_told_one_by_one(
        self, run: Run, shared: RedisServer, qdrant_server: ScriptedQdrant
    ) -> None:
        shared.kill()
        qdrant_server.stop()
        result = run("doctor", "--json")
        qdrant_server.start()
        found = told(result)

        assert result.exit_code == 1
        assert found["redis", "server"]["judgement"] == found["qdrant", "server"]["judgement"] == "wrong"
        assert found["records", "file"]["judgement"] == "ok"

    def test_an_address_that_cannot_be_read_is_told_with_the_rest(
        self, run: Run, shared: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REDIS_URL", "redis://:s3cr3t-word@host:port/0")
        result = run("doctor", "--json")
        found = told(result)

        assert result.exit_code == 1
        assert found["redis", "address"]["found"] == "REDIS_URL cannot be used"
        assert "redis://" in found["redis", "address"]["remedy"]
        assert found["qdrant", "server"]["judgement"] == "ok"
        assert "s3cr3t" not in result.output
