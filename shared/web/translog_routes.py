"""Routes of the service's transparency log (C2SP tlog-tiles)."""

from datetime import timedelta
from typing import Final

from flask import Response

from shared.service_log.store import newest_servable, served_checkpoint, stored_hashes, verifier_keys
from shared.translog.merkle import HASH_BYTES
from shared.translog.tiles import Tile, entry_bundle, is_within, parse_tile
from shared.web.keys import EVERY_KIND, current_key
from shared.web.problems import Problem
from shared.web.query import BINARY, TEXT, Blueprint
from shared.web.service import Needs, current_service, log_snapshot, viewer_snapshot

_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
# Tiles never change. Answers need a key, so shared caches must not keep them.
_FOR_EVER: Final = "private, max-age=31536000, immutable"
# A standby for which commits do not wait has no confirmed checkpoint.
_SERVABLE: Final = Needs(has=lambda connection: newest_servable(connection) is not None)

blueprint = Blueprint(
    "log", __name__, url_prefix="/v1/log", description="日志 / the transparency log of all numbered entries"
)


@blueprint.operation(
    "GET /checkpoint",
    TEXT,
    roles=EVERY_KIND,
    content_type="text/plain",
    operation_id="getLogCheckpoint",
)
def checkpoint() -> Response:
    """Newest signed checkpoint: a note of origin, size and root hash. 503 until the service's first consumer runs.

    With witnesses configured: the checkpoint of the last `CHECKPOINT_INTERVAL` seconds with the most cosignatures.
    With a synchronous standby: one that it is known to have, up to another `CHECKPOINT_INTERVAL` older.
    """
    service = current_service()
    with log_snapshot(_SERVABLE) as connection:
        note = served_checkpoint(connection, service.clock() - timedelta(seconds=service.checkpoint_interval_s))
    if note is None:
        raise Problem(503, "尚无检查点 / there is no checkpoint yet", headers={"Retry-After": "5"})
    return Response(note, content_type=_TEXT)


@blueprint.operation(
    "GET /keys",
    TEXT,
    roles=EVERY_KIND,
    content_type="text/plain",
    operation_id="getLogKeys",
)
def keys() -> Response:
    """Verifier keys of checkpoints, one a line: the current key first, then earlier ones, newest first."""
    with viewer_snapshot() as connection:
        return Response("".join(f"{key}\n" for key in verifier_keys(connection)), content_type=_TEXT)


@blueprint.operation(
    "GET /tile/<path:path>",
    BINARY,
    roles=EVERY_KIND,
    content_type=_BYTES,
    operation_id="getLogTile",
)
def tile(path: str) -> Response:
    """A tile: hashes by `<level>/<index>`, entries by `entries/<index>` (auditors only); partial with `.p/<width>`."""
    named = parse_tile(path)
    if named is None:
        raise Problem(404)
    if named.level is None and current_key().kind != "auditor":
        raise Problem(403)
    return Response(_read(named), content_type=_BYTES, headers={"Cache-Control": _FOR_EVER})


def _read(named: Tile) -> bytes:
    """Return the bytes of a tile. Raises Problem 404 beyond the end of the log."""
    service = current_service()
    with log_snapshot(_SERVABLE) as connection:
        newest = newest_servable(connection)
        if service.log_entries is None or newest is None or not is_within(named, newest.size):
            raise Problem(404)
        if named.level is None:
            entries = [entry for _, entry in service.log_entries(connection, named.first, named.first + named.width)]
            found, content = len(entries), entry_bundle(entries)
        else:
            content = stored_hashes(connection, named.level, named.first, named.width)
            found = len(content) // HASH_BYTES
    if found != named.width:
        raise LookupError(f"tile {named.path} of a log of {newest.size} entries is incomplete")
    return content
