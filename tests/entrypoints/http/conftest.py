"""Applications that are up: in this process for most tests, on a port for what only real connections show."""

from collections.abc import Iterator

import pytest

from tests.entrypoints.http.listening import Server, listening
from tests.entrypoints.http.service import Service, memory_settings, serving
from tests.upstream import ScriptedUpstream


@pytest.fixture(scope="session")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve everyone on this machine: there is no key."""
    with serving(memory_settings(tmp_path_factory.mktemp("open"))) as service:
        yield service


@pytest.fixture
def service(open_service: Service) -> Service:
    """Give a service that remembers nothing yet."""
    open_service.start_over()
    return open_service


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve those who have a key, and nobody else."""
    with serving(memory_settings(tmp_path_factory.mktemp("production"), environment="production")) as service:
        yield service


@pytest.fixture(scope="session")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream) -> Iterator[Server]:
    """Listen on a port, with OpenAI's adapter and a provider on loopback."""
    settings = memory_settings(
        tmp_path_factory.mktemp("server"),
        language_model={"retries": 0, "breaker_failures": 1000},
        openai={"base_url": f"{upstream.url}/v1"},
    )
    with listening(settings) as server:
        yield server
