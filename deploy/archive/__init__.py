"""The archive: what exchanges sent and what the ledger recorded, as Parquet for other engines."""
