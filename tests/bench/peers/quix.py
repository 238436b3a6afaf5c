"""quixstreams, exactly-once, on the same topic: `python -m tests.bench.peers.quix` is the measured program.

The project does not depend on quixstreams; the benchmark runs it where `pip install quixstreams` was run.
"""

import importlib.util
import sys
import uuid
from decimal import Decimal
from typing import Any

from shared.events.topics import topic_of
from tests.bench.bed import EXCHANGE, Bed
from tests.bench.peers.peer import NotHere, rate_beside


def quixstreams(bed: Bed) -> float:
    """Measure trades per second. Raises NotHere."""
    if importlib.util.find_spec("quixstreams") is None:
        raise NotHere("没有 / is not installed: quixstreams")
    name = f"quix-{uuid.uuid4().hex[:8]}"
    folder = bed.folder / name
    folder.mkdir()
    program = [sys.executable, "-m", "tests.bench.peers.quix", bed.kafka.bootstrap_servers]
    return rate_beside(bed, name, [*program, name, folder / "state"], folder)


def run(servers: str, name: str, folder: str) -> None:
    """Keep the newest revision of each trade, and publish the total of each provider's month to a topic."""
    from quixstreams import Application  # noqa: PLC0415 - may not be installed

    app = Application(
        broker_address=servers,
        consumer_group=name,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=folder,
    )
    trades = app.topic(topic_of("trade", EXCHANGE), key_deserializer="bytes", value_deserializer="json")
    changes = app.dataframe(trades).apply(revised, stateful=True, expand=True)
    totals = changes.group_by(lambda change: change["month"], name="month", key_deserializer="str").apply(
        added, stateful=True
    )
    totals.to_topic(app.topic(f"{name}-out", value_serializer="json"))
    app.run()


def revised(value: Any, state: Any) -> list[dict[str, Any]]:
    """Return the changes of totals that follow from a revision."""
    data = value.get("data", value)
    old = state.get("kept")
    if old is not None and old["revision"] >= data["revision"]:
        return []
    net = Decimal(data["amount"]) - Decimal(data.get("refunded", "0")) if data["status"] == "completed" else 0
    month = f"{data['provider']['id']}|{data['completed_at'][:7]}"
    state.set("kept", {"revision": data["revision"], "month": month, "fen": int(net * 100)})
    removed = [] if old is None else [{"month": old["month"], "fen": -old["fen"], "trades": -1}]
    return [*removed, {"month": month, "fen": int(net * 100), "trades": 1}]


def added(change: Any, state: Any) -> dict[str, int]:
    """Return the total after a change."""
    total = state.get("total", {"fen": 0, "trades": 0})
    total = {name: total[name] + change[name] for name in total}
    state.set("total", total)
    return total


if __name__ == "__main__":
    run(*sys.argv[1:])
