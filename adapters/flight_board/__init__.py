"""Where workers see who of them asks a model what."""
