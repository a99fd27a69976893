"""Language models: the official SDKs, and an offline one that quotes passages."""
