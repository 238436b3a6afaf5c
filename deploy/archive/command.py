"""`jiangbu archive`: bring an archive up to date."""

from collections.abc import Iterator

from deploy.archive.ledger import archive_ledger
from deploy.archive.records import archive_records
from deploy.archive.store import ArchiveStore
from shared.postgres.database import make_engine
from shared.settings import Settings, load_exchanges_file, load_kafka_settings
from shared.whitelist import load_whitelist


def archive_all(place: str, *, records_only: bool) -> Iterator[str]:
    """Add what is new to the archive at a path or URI; yield a line for each range. One run at a time.

    By the settings of the environment: the topics of the whitelist's exchanges and, unless `records_only`, incentive's
    database.
    """
    store = ArchiveStore(place)
    exchanges = load_whitelist(load_exchanges_file()).ids
    yield from archive_records(store, load_kafka_settings(), exchanges)
    if not records_only:
        engine = make_engine(Settings("incentive").database_url, pool_size=1)
        try:
            yield from archive_ledger(store, engine)
        finally:
            engine.dispose()
    store.commit()
