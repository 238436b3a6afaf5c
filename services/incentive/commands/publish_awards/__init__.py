"""Publish a version of each award whenever what the bureau sees of it changes."""
