"""Each index answers a question, which its comment names with the place where it is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from shared.postgres.migrate import migrate
from shared.postgres.schema_version import package_of
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from shared.settings import Service
    from tests.support.engines.session import FreshDatabase

SERVICES: Final = [("listing", "r1"), ("trade-ingest", "r1"), ("incentive", None)]
# Indexes of constraints are named by what they enforce.
_COMMENTS: Final = """
    SELECT relname, coalesce(obj_description(i.indexrelid, 'pg_class'), '')
    FROM pg_index i JOIN pg_class ON oid = i.indexrelid
    WHERE relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY relname
"""
# `(path, name and name; name in path)`: names of what the file defines may be left out.
_PLACE: Final = re.compile(
    r"(?:(?P<inside>\w+(?: and \w+)*) in )?(?P<path>[\w/]+\.(?:py|sql))(?:, (?P<names>\w+(?: and \w+)*))?"
)


@pytest.mark.parametrize(("service", "register"), SERVICES)
def test_each_index_says_which_question_reads_it(
    postgres: FreshDatabase, service: Service, register: str | None
) -> None:
    owner_url, service_url = postgres("migrations")
    migrate(package_of(service), owner_url, service_url, register)
    with psycopg.connect(owner_url) as connection:
        comments: dict[str, str] = dict(connection.execute(_COMMENTS).fetchall())
    assert comments
    places = {name: list(_PLACE.finditer(comment)) for name, comment in comments.items()}
    assert [name for name, found in places.items() if not found] == [], "COMMENT ON INDEX: the question and its place"
    wrong = [(name, place[0]) for name, found in places.items() for place in found if not _is_there(place)]
    assert wrong == [], "say in a new migration where the question is asked now"


def _is_there(place: re.Match[str]) -> bool:
    file = ROOT / place["path"]
    names = [name for part in (place["inside"], place["names"]) if part for name in part.split(" and ")]
    return file.is_file() and all(re.search(rf"\b{name}\b", file.read_text("utf-8")) for name in names)
