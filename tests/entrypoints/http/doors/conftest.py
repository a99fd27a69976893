"""The real SDKs, each at two addresses: a provider's own, and a RAGBoost in front of it."""

from collections.abc import Iterator

import pytest

from tests.entrypoints.http.listening import Server, listening
from tests.entrypoints.http.service import memory_settings
from tests.upstream import ScriptedUpstream


@pytest.fixture(scope="package")
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as provider:
        yield provider


@pytest.fixture(scope="package")
def ragboost(tmp_path_factory: pytest.TempPathFactory, provider: ScriptedUpstream) -> Iterator[Server]:
    """Listen on a port, with both formats' adapters and one provider behind them that speaks either."""
    settings = memory_settings(
        tmp_path_factory.mktemp("doors"),
        language_model={"retries": 0, "fallback": False, "breaker_failures": 1000},
        openai={"base_url": f"{provider.url}/v1"},
        anthropic={"base_url": provider.url},
    )
    with listening(settings) as server:
        yield server
