"""Adapters of the port VectorIndex: exact in memory, and Qdrant Edge on disk."""
