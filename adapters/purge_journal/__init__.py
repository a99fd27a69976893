"""Where it is written what was purged."""
