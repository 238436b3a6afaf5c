"""Rejected records by their places in the topic of an exchange: a parameter, and the rows that it selects by index."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from marshmallow import ValidationError

from shared.postgres.query import pg_arrays
from shared.values.json_types import Json
from shared.web.query import Parsed

PLACES_MOST: Final = 50
_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})(?:-([0-9]{1,18}))?")

# The rows of the offsets, and the batch that was set aside and begins before them. Rows of a partition share no offset.
AT_PLACES: Final = """
    q.id IN (
        SELECT row_there.id
        FROM unnest(CAST(%(partitions)s AS int[]), CAST(%(firsts)s AS bigint[]), CAST(%(lasts)s AS bigint[]))
             AS place(partition, first, last)
        CROSS JOIN LATERAL (
            SELECT r.id FROM quarantine r
            WHERE r.exchange = %(place_exchange)s AND r.partition = place.partition
              AND r."offset" >= place.first AND r."offset" <= place.last
            UNION ALL
            SELECT before.id FROM (
                SELECT r.id, r.last_offset FROM quarantine r
                WHERE r.exchange = %(place_exchange)s AND r.partition = place.partition AND r."offset" < place.first
                ORDER BY r."offset" DESC LIMIT 1
            ) AS before
            WHERE before.last_offset >= place.first
        ) AS row_there
    )
"""


class OffsetRange(NamedTuple):
    """Consecutive offsets of a partition, both ends included."""

    partition: int
    first: int
    last: int

    @property
    def text(self) -> str:
        return f"{self.partition}:{self.first}-{self.last}"


def _parse_places(value: object) -> list[OffsetRange]:
    found = [_PLACE.fullmatch(one) for one in str(value).split(",")]
    places = [OffsetRange(int(one[1]), int(one[2]), int(one[3] or one[2])) for one in found if one is not None]
    if not len(places) == len(found) <= PLACES_MOST or any(place.first > place.last for place in places):
        raise ValidationError(
            f"须为至多 {PLACES_MOST} 个 分区:offset 或 分区:首-末，以逗号分隔"
            f" / must be at most {PLACES_MOST} of PARTITION:OFFSET or PARTITION:FIRST-LAST, separated by commas"
        )
    return places


PlacesParameter = partial(Parsed, _parse_places, {"type": "string", "example": "0:17,1:40-59"})


def place_parameters(places: Iterable[OffsetRange], exchange: str) -> Json:
    """Return the parameters of AT_PLACES."""
    return {**pg_arrays(places, "partitions", "firsts", "lasts"), "place_exchange": exchange}


def joined_places(offsets: Iterable[tuple[int, int]]) -> Iterator[OffsetRange]:
    """Yield the places of records by partition and offset, consecutive offsets as one."""
    joined: OffsetRange | None = None
    for partition, offset in sorted(set(offsets)):
        if joined is not None and (partition, offset) == (joined.partition, joined.last + 1):
            joined = joined._replace(last=offset)
        else:
            if joined is not None:
                yield joined
            joined = OffsetRange(partition, offset, offset)
    if joined is not None:
        yield joined
