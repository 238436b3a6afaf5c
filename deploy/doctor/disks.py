"""Check the free space of disks."""

from collections.abc import Iterable
from typing import Final, NamedTuple

_GB: Final = 1e9
# Below both of them a disk is almost full. Ten gigabytes are some ten million documents.
_LEAST_PART: Final = 0.1
_LEAST_BYTES: Final = 10 * _GB


class Disk(NamedTuple):
    """A disk of an engine: whose it is, and its size and free space in bytes."""

    name: str
    total_bytes: int
    free_bytes: int

    @property
    def text(self) -> str:
        return f"{self.name}: {self.free_bytes / _GB:.1f} of {self.total_bytes / _GB:.1f} GB free"


def disk_faults(disks: Iterable[Disk]) -> list[str]:
    """Report disks that are almost full: an engine stops when its disk is full."""
    return [
        f"磁盘将满 / disk almost full: {disk.text}"
        for disk in disks
        if disk.free_bytes < min(_LEAST_PART * disk.total_bytes, _LEAST_BYTES)
    ]
