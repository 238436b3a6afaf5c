"""`jiangbu backup verify`: read every object of a backup, without engines."""

from collections.abc import Iterator

from deploy.backup.exchange_topics import stored_batches
from deploy.backup.manifest import BackupManifest, BaseCopy, PartitionCopy, ServerCopy, StoredPart, Vault
from deploy.backup.sealed import DamagedObjectError


def check_backup(vault: Vault, manifest: BackupManifest) -> Iterator[str]:
    """Yield a line for each object that is missing or damaged, and for each gap in what they hold."""
    for part in _outside_topics(manifest):
        yield from _check_part(vault, part)
    for topic in manifest.topics:
        for partition in topic.partitions:
            yield from _check_partition(vault, topic.name, partition)
    for base in manifest.server.bases:
        yield from _check_log(manifest.server, base)


def _outside_topics(manifest: BackupManifest) -> list[StoredPart]:
    in_topics = {one.part.name for topic in manifest.topics for copy in topic.partitions for one in copy.parts}
    return [part for part in manifest.parts() if part.name not in in_topics]


def _check_part(vault: Vault, part: StoredPart) -> Iterator[str]:
    try:
        vault.get(part)
    except DamagedObjectError as error:
        yield str(error)


def _check_partition(vault: Vault, topic: str, copy: PartitionCopy) -> Iterator[str]:
    """Check the checksum of each batch, and that parts and batches follow each other."""
    where, end = f"{topic}[{copy.number}]", copy.begin
    for part in copy.parts:
        if part.first != end:
            yield f"{where}: 缺失 / offsets are missing: {end} .. {part.first - 1}"
        end = part.end
        try:
            batches = list(stored_batches(vault, PartitionCopy(copy.number, part.first, (part,))))
        except DamagedObjectError as error:
            yield str(error)
            continue
        offsets = [(one.base_offset, one.last_offset) for one in batches]
        if any(one.damage for one in batches) or offsets != sorted(offsets) or len(batches) != part.batches:
            yield f"{part.part.name}: 批次不符 / does not hold the batches of {where} {part.first} .. {part.end - 1}"


def _check_log(server: ServerCopy, base: BaseCopy) -> Iterator[str]:
    """Check that the base backup has its log, and the newest one all that follows too."""
    first, end = base.start // server.segment_bytes, -(-base.end // server.segment_bytes)
    found = {one.number for one in server.wal if one.timeline == base.timeline and one.number >= first}
    # The log after an older base backup may have gaps; a restore then begins with a newer one.
    needed = range(first, max((end, *(number + 1 for number in found))) if base == server.bases[-1] else end)
    if not found.issuperset(needed):
        yield f"{base.manifest.name}: 缺预写日志 / the write-ahead log after this base backup has gaps"


def remove_old(vault: Vault, keep: int) -> list[str]:
    """Delete all manifests but the newest `keep`, and the objects that none of these names; return their names."""
    manifests = vault.manifests()
    kept = manifests[-keep:]
    needed = {part.name for name in kept for part in vault.manifest(name).parts()}
    newest = vault.manifest(kept[-1]).number if kept else 0
    # A run under way has a higher number.
    found = [name for name in vault.store.names("runs/") if int(name.split("/")[1]) <= newest]
    gone = [*manifests[:-keep], *(name for name in found if name not in needed)]
    for name in gone:
        vault.store.delete(name)
    return gone
