"""The HTTP side common to all services: problems, API keys, pagination, progress, metrics, documentation."""
