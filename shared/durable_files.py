"""Files that are written atomically, and synced before anything relies on them."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def create_file(path: Path, text: str, prepare: Callable[[Path], None] = lambda _: None) -> bool:
    """Create a file that its user alone can read, after `prepare` of the written part; False if the file exists."""
    # A temporary file, not one named by process id: two containers on one volume may share an id.
    handle, name = tempfile.mkstemp(dir=path.parent)
    part = Path(name)
    try:
        _write(handle, text)
        prepare(part)
        # Linking is atomic and never replaces a file that another process created meanwhile.
        os.link(part, path)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    return True


def replace_file(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Create a file or replace its content; `mode` as for open(2). The part written first is `<name>.part`."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    _write(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), content)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(handle: int, content: str | bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
