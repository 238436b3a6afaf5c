"""All facts that there are, of whom each is: from the ledger's database, or from an extract of it."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from services.incentive.domain.facts import IS_COUNTED, Fact, Registers, about_of, parse_fact
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.domain.postings import Grants, OtherGrant
from services.incentive.policy.loader import read_policy
from services.incentive.store.awards import KnownFacts, known_facts
from services.incentive.store.rulebook import Rulebook
from shared.values.money import parse_yuan
from shared.whitelist import WhitelistError, parse_whitelist

_FACTS = text(
    "SELECT c.about, f.id, f.topic, f.key, f.value"
    f" FROM (SELECT * FROM fact_current WHERE {IS_COUNTED}) c JOIN fact f ON f.id = c.fact_id"
    " ORDER BY c.about, c.topic, c.key"
)
_STREAMED = {"yield_per": 1_000}


def facts_of_ledger(connection: Connection, registers: Registers) -> Iterator[tuple[str, KnownFacts]]:
    """The newest version of every fact that counts, by whom it is about; in one snapshot, read as it is asked for."""
    counted = {"registers": None if registers is None else list(registers)}
    rows = connection.execute(_FACTS, counted, execution_options=_STREAMED)
    for about, of_it in groupby(rows, key=lambda row: str(row.about)):
        yield about, known_facts((row.id, parse_fact(row.topic, row.key, row.value)) for row in of_it)


class UnreadableExtract(ValueError):  # noqa: N818 - what is said of the file
    """A file that is no extract that facts can be read from."""


class ExtractFacts(NamedTuple):
    """What an extract holds: its facts by whom they are about, by what awards were computed, and of which instant.

    `grants`: of other municipal policies.
    """

    known: tuple[tuple[str, KnownFacts], ...]
    rulebook: Rulebook
    as_of: str
    grants: Grants


def facts_of_extract(path: Path) -> ExtractFacts:
    """Facts, policy and whitelist of an extract's zip, without asking whether it is sound. Raises NoExtract."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            settings = json.loads(archive.read("policy/settings.json"))[-1]
            source = archive.read(settings["policy"]["file"])
            exchanges = parse_whitelist(archive.read(settings["whitelist"]["file"]).decode())
            acts = [json.loads(line) for line in archive.read("decisions.ndjson").splitlines()]
            items = [json.loads(line) for line in archive.read("facts.ndjson").splitlines()]
        rulebook = Rulebook(read_policy(source, settings["policy"]["file"]), source.decode(), exchanges)
        return ExtractFacts(tuple(_by_about(items)), rulebook, str(manifest["as_of"]), _grants(acts))
    except (zipfile.BadZipFile, OSError, KeyError, IndexError, TypeError, ValueError, WhitelistError) as error:
        raise UnreadableExtract(f"{path}: 不是可用的摘录 / is no extract that can be read: {error}") from error


def _grants(acts: Iterable[dict[str, Any]]) -> Grants:
    """Of one name the last counts."""
    newest = {(one["subject"], one["year"], one["name"]): one for one in acts if "other_grant_id" in one}
    found: dict[tuple[str, int], list[OtherGrant]] = {}
    for (subject, year, _), one in newest.items():
        found.setdefault((subject, year), []).append(
            OtherGrant(f"{OTHER_GRANT}/{one['other_grant_id']}", parse_yuan(one["amount"]))
        )
    return found


def _by_about(items: Iterable[dict[str, object]]) -> Iterator[tuple[str, KnownFacts]]:
    """In an extract facts have no number: the one recorded last is by `recorded_at`, then by name."""
    found: dict[str, list[tuple[tuple[str, str], Fact]]] = {}
    for item in items:
        topic, _, key = str(item["fact"]).partition("/")
        fact = parse_fact(topic, key, msgspec.json.encode(item["value"]))
        found.setdefault(about_of(fact), []).append(((str(item["recorded_at"]), key), fact))
    for about, facts in found.items():
        yield about, known_facts(facts)
