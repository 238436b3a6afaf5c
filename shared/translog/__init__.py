"""Formats of transparency logs: RFC 6962 hashes, C2SP notes, checkpoints, tiles and the witness protocol."""
