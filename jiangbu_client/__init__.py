"""Client of jiangbu's HTTP APIs, typed, synchronous and asynchronous.

`jiangbu_client.listing`, `.trade_ingest` and `.incentive` are generated from the OpenAPI documents: a module of
`api` for each operation, with `sync`, `asyncio` and variants that also give status and headers. Connections
with retries, pages, transfers of files and streams, and the error are written by hand.
"""

from jiangbu_client.connections import connect
from jiangbu_client.pages import aiter_items, iter_items
from jiangbu_client.problems import ProblemError, checked
from jiangbu_client.retries import RetryTransport, new_idempotency_key
from jiangbu_client.transfers import adownload, aupload, download, upload

__all__ = [
    "ProblemError",
    "RetryTransport",
    "adownload",
    "aiter_items",
    "aupload",
    "checked",
    "connect",
    "download",
    "iter_items",
    "new_idempotency_key",
    "upload",
]
