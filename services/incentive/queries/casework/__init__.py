"""Queries for the bureau's work on many awards at once: possible steps, waiting cases, due payments."""
