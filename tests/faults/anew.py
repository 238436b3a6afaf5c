"""Everything worked out anew beside the running set; and what somebody changed by hand found, and mended."""

from __future__ import annotations

from devset.programs import SERVICES
from tests.faults.fault import Fault, Kind


def _rebuild(fault: Fault, service: str, *arguments: str, ends_with: int = 0) -> str:
    done = fault.rig.run("rebuild", service, *arguments)
    said = done.stdout.strip().splitlines()
    fault.plan.append(f"{service} rebuild {' '.join(arguments)}: {said[-1] if said else done.stderr.strip()}")
    assert done.returncode == ends_with, f"{service} rebuild ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def worked_out_anew(fault: Fault) -> None:
    fault.publish()
    for service in SERVICES:
        fault.some_moment(0.5)
        _rebuild(fault, service, "--verify")


def changed_by_hand(fault: Fault) -> None:
    """A superuser takes a fen from a total, and a first away; both follow from what is stored, and come back."""
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


ANEW = (
    Kind("worked out anew", "each service's rebuild --verify beside its workers, under load", worked_out_anew),
    Kind(
        "changed by hand", "a total and a first changed in the database: found, and mended by rebuild", changed_by_hand
    ),
)
