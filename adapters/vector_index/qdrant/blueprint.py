"""What the collection of one embedder version must be, and what is said when the one in place is not."""

import re
from collections.abc import Iterator

from attrs import frozen
from qdrant_client import models

from adapters.vector_index.qdrant.points import PARTITION
from domain.similarity import VectorIndexDiffers

EMBEDDER = "embedder"
"""Under this name a collection's metadata says whose embeddings it holds."""

GRAPH = models.HnswConfigDiff(
    # No search crosses partitions: only each partition has a graph, there is none over all of them.
    m=0,
    payload_m=16,
    ef_construct=100,
    full_scan_threshold=8_000,  # kilobytes: partitions of fewer are searched without a graph
)
QUANTISED = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
)
TENANTS = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)


@frozen
class Blueprint:
    """A collection for vectors of so many *dimensions*, made by *embedder*, under a name with *prefix*."""

    embedder: str
    dimensions: int
    prefix: str

    @property
    def name(self) -> str:
        """Name the collection; the prefix alone is the alias of the one in use."""
        return f"{self.prefix}-{re.sub(r'[^a-z0-9]+', '-', self.embedder.lower()).strip('-')}"

    def refuse(self, info: models.CollectionInfo) -> None:
        """
        Do nothing when the collection is as it must be; how fast it is made to be is its operator's business.

        Raises:
            VectorIndexDiffers: it holds something else; the message names every difference, and the remedy.
        """
        differences = "; ".join((*self._differences_of_vectors(info), *self._differences_of_contents(info)))
        if differences:
            raise VectorIndexDiffers(
                f"the collection {self.name} on Qdrant cannot be used: {differences}. Remove it, to have it made and "
                "filled anew from the remembered answers, or set RAGBOOST_QDRANT_COLLECTION to another prefix"
            )

    def _differences_of_vectors(self, info: models.CollectionInfo) -> Iterator[str]:
        vectors = info.config.params.vectors
        if not isinstance(vectors, models.VectorParams):
            yield "its vectors have names, and RAGBoost's have none"
            return
        if vectors.size != self.dimensions:
            yield f"its vectors have {vectors.size} dimensions, those of {self.embedder} have {self.dimensions}"
        if vectors.distance != models.Distance.COSINE:
            yield f"its distance is {vectors.distance.value}, not Cosine"

    def _differences_of_contents(self, info: models.CollectionInfo) -> Iterator[str]:
        made_by = (info.config.metadata or {}).get(EMBEDDER)
        if made_by is None:
            yield f"its metadata names no {EMBEDDER}: RAGBoost did not make it, or did on a Qdrant older than 1.16"
        elif made_by != self.embedder:
            yield f"it holds embeddings of {made_by}, not of {self.embedder}"
        index = info.payload_schema.get(PARTITION)
        if not (index and isinstance(index.params, models.KeywordIndexParams) and index.params.is_tenant):
            yield f"it has no keyword index with is_tenant on the field {PARTITION}"
