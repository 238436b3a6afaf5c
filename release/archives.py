"""Archives whose bytes depend on names and contents of files alone, not on owners, modes or times."""

import gzip
import io
import tarfile
from pathlib import Path


def packed(folder: Path, top: str, seconds: int) -> bytes:
    """Return the files of a folder as a tar.gz below the folder `top`; each has the time `seconds` (Unix time)."""
    content = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=content, mode="wb", mtime=seconds) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{top}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size, seconds, 0o644
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return content.getvalue()
