"""Which hits are checked in the shadow."""
