"""What can be said of compose.yaml without Docker: its Redis, started as it starts it, suits a worker of its."""

import re
import shlex
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.examination import Judgement
from entrypoints.opening_examiners import examination
from entrypoints.settings_loading import load_settings
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import HOST, RedisServer, skip_without_redis

ROOT = Path(__file__).parents[1]
COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Make the secrets as docs/operations.md says."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (script,) = [block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "mkdir -p secrets" in block]
    subprocess.run(["/bin/sh", "-ec", script], cwd=tmp_path, check=True)  # noqa: S603 - our own documentation
    return tmp_path / "secrets"


def redis_settings(secrets: Path) -> list[str]:
    """Give the lines of a redis.conf that say what the command of the service says."""
    program, users, *options = shlex.split(SERVICES["redis"]["command"])
    assert (program, users) == ("redis-server", "/run/secrets/redis_users")
    named = " ".join(options).removeprefix("--").split(" --")
    return [*(secrets / "redis_users").read_text().splitlines(), *named]


def test_every_secret_is_made_and_used(secrets: Path) -> None:
    made = {path.name for path in secrets.iterdir()}
    used = [each for service in SERVICES.values() for each in service.get("secrets", ())]

    assert made == COMPOSE["secrets"].keys()
    assert {COMPOSE["secrets"][name]["file"] for name in made} == {f"secrets/{name}" for name in made}
    assert {each if isinstance(each, str) else each["source"] for each in used} == made
    assert secrets.stat().st_mode & 0o777 == 0o700


async def test_a_worker_finds_its_servers_sound(
    secrets: Path, tmp_path: Path, qdrant_server: ScriptedQdrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_redis()
    environment = {name: value for name, value in SERVICES["worker"]["environment"].items() if "${" not in value}
    qdrant_server.api_key = yaml.safe_load((secrets / "qdrant_config").read_text())["service"]["api_key"]
    monkeypatch.chdir(tmp_path)
    with RedisServer(redis_settings(secrets)) as server:
        url = (secrets / "redis_url").read_text().replace("@redis:6379", f"@{HOST}:{server.port}")
        (secrets / "redis_url").write_text(url)
        here = {name: value.replace("/run/secrets", str(secrets)) for name, value in environment.items()}
        slowly = {"RAGBOOST_REDIS_TIMEOUT": "20", "RAGBOOST_QDRANT_TIMEOUT": "20"}
        settings = load_settings({**here, **slowly, "QDRANT_URL": qdrant_server.url}, tmp_path)
        async with examination(settings) as examine_setup:
            found = await examine_setup()
    qdrant_server.api_key = ""

    assert {each.subject for each in found if each.part == "redis"} >= {"rights", "memory", "persistence"}
    assert [each for each in found if each.part in {"redis", "qdrant"} and each.judgement is not Judgement.OK] == []


def test_images_are_pinned_and_qdrant_is_the_one_our_client_is_for() -> None:
    images = {name: each["image"] for name, each in SERVICES.items()}

    assert all(re.search(r":v?\d+\.\d+", image) for image in images.values())
    assert images["qdrant"].split(":v")[1].split(".")[:2] == version("qdrant-client").split(".")[:2]


def test_nobody_from_outside_reaches_the_servers() -> None:
    assert COMPOSE["networks"]["servers"]["internal"] is True
    for name in ("redis", "qdrant"):
        assert SERVICES[name]["networks"] == ["servers"]
        assert "ports" not in SERVICES[name]


def test_whoever_answers_is_asked_whether_it_can() -> None:
    assert "uri /ready" in COMPOSE["configs"]["balancer"]["content"]
    for name in ("balancer", "redis", "qdrant"):
        assert SERVICES[name]["healthcheck"]
    assert SERVICES["balancer"]["depends_on"] == {"worker": {"condition": "service_healthy"}}
    assert SERVICES["worker"]["deploy"]["replicas"] > 1
