"""Qdrant Edge, embedded: the index, and the process in which its engine runs."""
