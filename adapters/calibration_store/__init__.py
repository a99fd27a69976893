"""Where calibrations are kept."""
