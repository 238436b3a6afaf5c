"""Approvals and payments, each checked against what stood at its own transaction."""
