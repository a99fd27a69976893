"""How indexes are opened, the one of the embedder that is configured and any other; what is said when it fails."""

from pathlib import Path
from typing import Any

import structlog

from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.prepared_model import find_prepared_model
from adapters.vector_index.edge.folder import folder_of
from adapters.vector_index.edge.index import EdgeVectorIndex
from adapters.vector_index.edge.shelf import EdgeIndexShelf
from domain.similarity import Embedder, EmbedderUnavailable, VectorIndex, VectorIndexUnavailable
from domain.succession import FormerIndex, IndexShelf
from entrypoints.settings import Settings

INDEXES = "index"

log = structlog.get_logger()


def find_embedder(settings: Settings, version: str) -> Embedder:
    """Give the embedder of this version, whichever is configured; raises ``EmbedderUnavailable``."""
    if version == HashingEmbedder().version:
        return HashingEmbedder()
    folder = find_prepared_model(settings.models_folder, version)
    if folder is None:
        raise EmbedderUnavailable(f"{settings.models_folder} has no model {version}; prepare it with its own settings")
    return OnnxEmbedder(folder, settings.embedder.threads)


def open_edge(folder: Path, embedder: Embedder) -> EdgeVectorIndex:
    """Open the index of this embedder's version."""
    path = folder_of(folder / INDEXES, embedder.version)
    return EdgeVectorIndex(path, embedder.version, embedder.dimensions, _report_of_index)


def open_edge_shelf(folder: Path, embedder: Embedder) -> EdgeIndexShelf:
    """Give the folder of all indexes."""
    return EdgeIndexShelf(folder / INDEXES, embedder.version)


def open_former_edge(settings: Settings, version: str) -> FormerIndex:
    """Open the index of another version, and load what made it; raises ``EmbedderUnavailable``."""
    embedder = find_embedder(settings, version)
    return FormerIndex(embedder, open_edge(settings.data_folder, embedder))


def connect_qdrant(settings: Settings) -> Any:
    """Import the client, and give the connection that the index and its collections share."""
    from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection  # noqa: PLC0415 - takes 45 MB

    chosen = settings.qdrant
    if chosen.url is None:
        raise VectorIndexUnavailable("the vector index is on a Qdrant server, and nobody says where: set QDRANT_URL")
    key = chosen.api_key.get_secret_value() if chosen.api_key else ""
    address = QdrantAddress(chosen.url, key, chosen.prefer_grpc, chosen.grpc_port)
    return QdrantConnection(address.client(), chosen.timeout)


def open_qdrant_shelf(settings: Settings, connection: Any) -> IndexShelf:
    """Give all our collections on the server."""
    from adapters.vector_index.qdrant.shelf import QdrantIndexShelf  # noqa: PLC0415 - as above

    return QdrantIndexShelf(connection, settings.qdrant.collection)


def open_former_qdrant(settings: Settings, connection: Any, version: str) -> FormerIndex:
    """Give the index of another version, which must be there, and load what made it; raises ``EmbedderUnavailable``."""
    embedder = find_embedder(settings, version)
    return FormerIndex(embedder, open_qdrant(settings, connection, embedder, made_if_missing=False))


def open_qdrant(
    settings: Settings, connection: Any, embedder: Embedder, *, made_if_missing: bool = True
) -> VectorIndex:
    """Give the index in the collection of this embedder's version; it is made, or looked at, at the first use."""
    from adapters.vector_index.qdrant.blueprint import Blueprint  # noqa: PLC0415 - as above
    from adapters.vector_index.qdrant.collection import QdrantCollection  # noqa: PLC0415
    from adapters.vector_index.qdrant.index import QdrantVectorIndex  # noqa: PLC0415

    blueprint = Blueprint(embedder.version, embedder.dimensions, settings.qdrant.collection)
    return QdrantVectorIndex(connection, QdrantCollection(connection, blueprint, made_if_missing=made_if_missing))


def _report_of_index(sentence: str) -> None:
    log.warning("vector_index", detail=sentence)
