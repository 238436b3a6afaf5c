"""How the last run of the backup ended, for the textfile collector of Prometheus's node exporter."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.rendered_files import FOR_ALL
from shared.durable_files import replace_file
from shared.values.times import now

_FINISHED: Final = "jiangbu_backup_finished_timestamp_seconds"
_TEXT: Final = f"""\
# HELP {_FINISHED} When the newest complete backup was finished.
# TYPE {_FINISHED} gauge
{_FINISHED} {{finished}}
# HELP jiangbu_backup_failed 1 if the last run failed.
# TYPE jiangbu_backup_failed gauge
jiangbu_backup_failed {{failed}}
"""
_KNOWN: Final = re.compile(rf"^{_FINISHED} ([0-9]+)$", re.MULTILINE)


@contextmanager
def reported_run(file: Path) -> Iterator[None]:
    """Write how a run ended; after a failed one the time of the newest complete backup stays, 0 if there is none."""
    try:
        yield
    except BaseException:
        _write(file, _finished(file), failed=True)
        raise
    _write(file, int(now().timestamp()), failed=False)


def _finished(file: Path) -> int:
    try:
        known = _KNOWN.search(file.read_text("ascii"))
    except FileNotFoundError:
        return 0
    return int(known[1]) if known else 0


def _write(file: Path, finished: int, *, failed: bool) -> None:
    replace_file(file, _TEXT.format(finished=finished, failed=int(failed)))
    # The exporter runs under another account, and the umask of a unit is strict.
    file.chmod(FOR_ALL)
