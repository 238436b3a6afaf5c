"""The second oracle of the campaign: every award recomputed on Spark from what the topics hold, and from the acts.

A set is archived before it stops. All archives are computed at the end, in one session of Spark, as starting one takes
longer than a comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deploy.archive.ledger import archive_ledger
from deploy.archive.records import archive_records
from deploy.archive.store import ArchiveStore
from shared.kafka.partition_state import RecordLossError
from shared.postgres.database import make_engine
from shared.settings import KafkaSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.rig import Rig

ARCHIVES = "archives"
_LOST = "lost"  # a file in place of an archive: records that a fault deleted cannot be archived
_TOLD = 5


class Recomputed(NamedTuple):
    """The result for a campaign: archives compared, awards in them, differences, and sets that cannot be archived."""

    archives: int
    awards: int
    differences: list[str]
    lost: list[str]


def archive_set(rig: Rig, folder: Path) -> None:
    """Archive topics and ledger of a quiet set, and copy the ledger's awards and balances beside them."""
    from jiangbu_spark.compare import copy_ledger  # noqa: PLC0415 - it needs PySpark

    folder.mkdir(parents=True)
    url = rig.postgres.url("incentive")
    store = ArchiveStore(str(folder / "archive"))
    engine = make_engine(url, pool_size=1)
    try:
        list(archive_records(store, KafkaSettings((rig.bootstrap_servers,)), rig.exchanges.ids))
        list(archive_ledger(store, engine))
    except RecordLossError as error:
        (folder / _LOST).write_text(str(error), "utf-8")
        return
    finally:
        engine.dispose()
    store.commit()
    copy_ledger(url, folder)


def recompute(folder: Path) -> Recomputed:
    """Recompute each set that was archived in a folder, and compare it with its ledger."""
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415 - as above
    from jiangbu_spark.compare import award_differences, lines_of, read_copy  # noqa: PLC0415
    from jiangbu_spark.recompute import accepted_of, awards_by  # noqa: PLC0415
    from jiangbu_spark.session import FIRST_COMPILER, open_session  # noqa: PLC0415
    from jiangbu_spark.what_if import awards_by_terms, read_terms  # noqa: PLC0415

    places = sorted(folder.iterdir()) if folder.is_dir() else []
    lost = [f"{place.name}: {(place / _LOST).read_text('utf-8')}" for place in places if (place / _LOST).exists()]
    places = [place for place in places if not (place / _LOST).exists()]
    spark = open_session("local[*]", **FIRST_COMPILER)
    awards, found = 0, list[str]()
    try:
        for place in places:
            archive = ParquetArchive(spark, str(place / "archive"))
            terms = read_terms(archive)
            every = awards_by_terms(archive, accepted_of(archive.records()), terms)
            differences = award_differences(awards_by(every, 0), read_copy(spark, place))
            awards += every.count()
            found += [f"{place.name}: {line}" for line in lines_of(differences, _TOLD)]
            spark.catalog.clearCache()
    finally:
        spark.stop()
    return Recomputed(len(places), awards, found, lost)
