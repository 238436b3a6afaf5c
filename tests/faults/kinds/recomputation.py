"""Recomputation next to the running set, and repair of rows changed by hand."""

from __future__ import annotations

from devset.programs import SERVICES
from tests.faults.fault import Fault, Kind


def _rebuild(fault: Fault, service: str, *arguments: str, ends_with: int = 0) -> str:
    done = fault.rig.run("rebuild", service, *arguments)
    said = done.stdout.strip().splitlines()
    fault.plan.append(f"{service} rebuild {' '.join(arguments)}: {said[-1] if said else done.stderr.strip()}")
    assert done.returncode == ends_with, f"{service} rebuild ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def recomputed(fault: Fault) -> None:
    fault.publish()
    for service in SERVICES:
        fault.some_moment(0.5)
        _rebuild(fault, service, "--verify")


def changed_by_hand(fault: Fault) -> None:
    """A superuser changes a total by a fen and deletes a first; both are recomputed from what is stored."""
    rig = fault.rig
    fault.publish()
    fault.await_published()
    rig.await_quiet(120)
    with rig.database("trade-ingest") as connection:
        ((exchange,),) = connection.execute(
            "UPDATE exchange_total SET amount_fen = amount_fen - 1 WHERE (exchange, bucket_at) ="
            " (SELECT exchange, bucket_at FROM exchange_total ORDER BY amount_fen DESC LIMIT 1) RETURNING exchange"
        ).fetchall()
    with rig.database("listing") as connection:
        connection.execute("DELETE FROM first_listing WHERE party = (SELECT min(party) FROM first_listing)")
    assert f"exchange_total {exchange}" in _rebuild(fault, "trade-ingest", "--verify", ends_with=1)
    _rebuild(fault, "trade-ingest")
    assert "first_listing" in _rebuild(fault, "listing", "--verify", ends_with=1)
    _rebuild(fault, "listing")
    fault.publish()
    for service in ("listing", "trade-ingest"):
        _rebuild(fault, service, "--verify")


RECOMPUTATION = (
    Kind("recomputed", "each service's rebuild --verify next to its workers, under load", recomputed),
    Kind(
        "changed by hand", "a total and a first changed in the database: found and repaired by rebuild", changed_by_hand
    ),
)
