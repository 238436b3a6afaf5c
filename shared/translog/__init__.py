"""Transparency logs as RFC 6962 hashes them and C2SP's tlog-tiles serves them: pure functions, no storage."""
