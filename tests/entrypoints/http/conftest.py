"""Applications that are up: one in this process for most tests, and one in a process of its own for the others."""

from collections.abc import Iterator

import pytest

from tests.entrypoints.http.service import Service, memory_settings, serving


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
