"""What many tests need: models, prepared once and kept, and servers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedder.preparation import prepare
from adapters.embedder.prepared_model import Precision, PreparedModel
from adapters.embedder.weight_sources import InstalledWeights
from tests.qdrant_grpc import serving_grpc
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import (
    RedisCluster,
    RedisServer,
    fresh_prefix,
    shared_cluster,
    shared_server,
    skip_without_redis,
)

MODELS = Path(os.environ.get("RAGBOOST_TEST_MODELS") or Path(__file__).parents[1] / ".data" / "models")


@pytest.fixture(scope="session")
def prepared_model() -> PreparedModel:
    """Give the model that the service runs by default; its first preparation takes a second."""
    return prepare(InstalledWeights(), MODELS / "all-MiniLM-L6-v2-int8")


@pytest.fixture(scope="session")
def full_precision_model() -> PreparedModel:
    return prepare(InstalledWeights(), MODELS / "all-MiniLM-L6-v2-fp32", Precision.FP32)


@pytest.fixture(scope="session")
def redis_server() -> RedisServer:
    """Give a server that the tests of this process share: it is not to be harmed, and keys need a *redis_prefix*."""
    skip_without_redis()
    return shared_server()


@pytest.fixture(scope="session")
def redis_cluster() -> RedisCluster:
    """Give three nodes that the tests of this process share, likewise."""
    skip_without_redis()
    return shared_cluster()


@pytest.fixture
def redis_prefix() -> str:
    """Give a prefix of keys that no other test uses."""
    return fresh_prefix()


@pytest.fixture(scope="session")
def scripted_qdrant() -> Iterator[ScriptedQdrant]:
    """Give the server that speaks as Qdrant does; take ``qdrant_server``, which is empty and willing."""
    with ScriptedQdrant() as server:
        yield server


@pytest.fixture
def qdrant_server(scripted_qdrant: ScriptedQdrant) -> ScriptedQdrant:
    scripted_qdrant.flush()
    return scripted_qdrant


@pytest.fixture(scope="session")
def qdrant_grpc_port(scripted_qdrant: ScriptedQdrant) -> Iterator[int]:
    """Give the port at which the same server speaks gRPC."""
    with serving_grpc(scripted_qdrant) as port:
        yield port
