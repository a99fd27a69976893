"""Where events go: log lines, metrics, or several places at once."""
