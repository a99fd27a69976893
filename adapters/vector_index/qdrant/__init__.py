"""A Qdrant server or cluster: the index, and the collection it keeps its points in."""
