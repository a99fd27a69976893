from pathlib import Path
from typing import Any

import pytest

from domain.examination import Finding, Judgement
from entrypoints.settings import Settings
from entrypoints.settings_findings import findings_of

REDIS = {"answer_cache": {"kind": "redis"}}
QDRANT = {"vector_index": {"kind": "qdrant"}}


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the environment nor by a file."""
    monkeypatch.chdir(tmp_path)


def found(**chosen: Any) -> dict[str, Finding]:
    return {each.subject: each for each in findings_of(Settings.model_validate(chosen))}


def test_it_is_told_where_settings_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found()["sources"].found == "all by default"

    (tmp_path / "ragboost.toml").write_text("port = 8123\n[answer_cache]\nttl = 60\n")
    monkeypatch.setenv("RAGBOOST_HOST", "127.0.0.1")

    assert found()["sources"].found == "1 from environment, 2 from ragboost.toml, the others by default"


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {**REDIS, **QDRANT},
        {**REDIS, "semantic": {"enabled": False}},
        {"vector_index": {"kind": "memory"}},
    ],
)
def test_what_goes_together_is_fine(chosen: dict[str, Any]) -> None:
    assert found(**chosen)["wiring"].judgement is Judgement.OK


@pytest.mark.parametrize(
    ("chosen", "remedy"),
    [
        (REDIS, "RAGBOOST_VECTOR_INDEX_KIND=qdrant"),
        ({**REDIS, "vector_index": {"kind": "memory"}}, "RAGBOOST_VECTOR_INDEX_KIND=qdrant"),
        (QDRANT, "RAGBOOST_ANSWER_CACHE_KIND=redis"),
        ({**QDRANT, "answer_cache": {"kind": "memory"}}, "RAGBOOST_ANSWER_CACHE_KIND=redis"),
        ({"answer_cache": {"kind": "memory"}}, "memory ends with the process"),
    ],
)
def test_what_is_shared_by_half_works_for_one_worker_only(chosen: dict[str, Any], remedy: str) -> None:
    wiring = found(**chosen)["wiring"]

    assert wiring.judgement is Judgement.ADVICE
    assert remedy in wiring.remedy


def test_workers_that_share_answers_must_share_the_records_too() -> None:
    assert "shared records" not in found()

    told = found(**REDIS, **QDRANT, records_url="sqlite+aiosqlite:////srv/records.db")["shared records"]

    assert told.judgement is Judgement.OK
    assert "/srv/records.db: all workers of a machine need this one file" in told.found


class TestProvider:
    def test_none(self) -> None:
        provider = found()["provider"]

        assert provider.judgement is Judgement.ADVICE
        assert "OPENAI_API_KEY" in provider.remedy

    @pytest.mark.parametrize(
        ("chosen", "told"),
        [
            ({"openai": {"api_key": "s3cr3t-word", "model": "small"}}, "openai, model small, with a key"),
            (
                {"openai": {"base_url": "http://127.0.0.1:11434/v1", "model": "small"}},
                "openai at http://127.0.0.1:11434/v1, model small, without a key",
            ),
            ({"anthropic": {"api_key": "s3cr3t-word", "model": "big"}}, "anthropic, model big, with a key"),
        ],
    )
    def test_one_is_told_without_its_key(self, chosen: dict[str, Any], told: str) -> None:
        provider = found(**chosen)["provider"]

        assert (provider.found, provider.judgement) == (told, Judgement.OK)
