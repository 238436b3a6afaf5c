"""Builds of the services with one fence of replication removed: the rows of a held WAL must detect each of them."""

from __future__ import annotations

from tests.faults.builds import Edit, Guard

_HELD = "10 WAL held and waits ended"
_CALL = "            require_replication(connection)"
# Said by a program if the log of the new primary does not continue a checkpoint that was published.
_LOG_LOST = "数据库落后于已发布的日志"
_LOST_OR_HALTED = r"decisions: lost|forked: |DatabaseBehindError|BehindError|refused: |duplicates: |documents: "

FENCES = (
    Guard(
        "unknown commits",
        (Edit("shared/postgres/replication.py", "        if self._wait_ended:\n", "        if False:\n"),),
        _HELD,
        _LOST_OR_HALTED,
    ),
    Guard(
        "repeated requests wait",
        (Edit("shared/web/service.py", _CALL, "            pass"),),
        _HELD,
        "decisions: lost|refused: ",
    ),
    Guard(
        "facts wait",
        (Edit("shared/register/publish/sender.py", _CALL, "            pass"),),
        _HELD,
        "published facts up to",
    ),
    Guard(
        "checkpoints are confirmed after a commit",
        (Edit("shared/worker/checkpoint_publisher.py", f"        {_CALL}", "                    pass"),),
        _HELD,
        f"forked: |{_LOG_LOST}",
    ),
    Guard(
        "confirmed checkpoints alone are served",
        (
            Edit(
                "shared/service_log/store.py",
                "THEN (SELECT max(checkpoint_id) FROM log_confirmed) ELSE",
                "THEN (SELECT max(id) FROM log_checkpoint) ELSE",
            ),
        ),
        _HELD,
        "forked: ",
    ),
    Guard(
        "offsets wait",
        (Edit("shared/kafka/source.py", _CALL, "            pass"),),
        _HELD,
        "DatabaseBehindError",
    ),
)
HA_CONTROLS = {f"19{letter} without: {fence.name}": fence for letter, fence in zip("abcdef", FENCES, strict=True)}
