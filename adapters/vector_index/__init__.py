"""Adapters of the port VectorIndex: exact in memory, Qdrant Edge on disk, and a Qdrant server."""
