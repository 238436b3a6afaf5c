"""Every award, recomputed on Apache Spark from the archive of exchanges' records and of the ledger.

A third implementation of contract and policy, as DataFrames and SQL. It shares no code with the services or with their
verifier, so that the three can only agree by computing the same.
"""
