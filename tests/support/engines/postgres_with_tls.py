"""A PostgreSQL that was built with TLS, which that of the tests is not."""

from pathlib import Path

import pytest

_WITHOUT_TLS = b"SSL is not supported by this build"


def binaries_with_tls() -> Path:
    """Return the programs of an installed PostgreSQL with TLS; skip the test if there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (server := folder / "postgres").exists() and _WITHOUT_TLS not in server.read_bytes():
            return folder
    pytest.skip("没有带 TLS 的 PostgreSQL / no PostgreSQL with TLS is installed (Debian: apt-get install postgresql)")
