"""Facts, rulebook and grants read from an extract's zip."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.incentive.domain.entitlements import KnownFacts, known_facts
from services.incentive.domain.facts import Fact, about_of, parse_fact
from services.incentive.domain.highest_only import OTHER_GRANT, OtherGrant, OtherGrants
from services.incentive.policy.loader import read_policy
from services.incentive.store.rulebook import Rulebook
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.whitelist import WhitelistError, parse_whitelist


class UnreadableExtract(ValueError):  # noqa: N818 - said of the file
    """A file that is no extract, or lacks what is read from it."""


class ExtractFacts(NamedTuple):
    """An extract's facts by what they are about, its rulebook, the instant it shows, and other policies' grants."""

    known: tuple[tuple[str, KnownFacts], ...]
    rulebook: Rulebook
    as_of: str
    grants: OtherGrants


def facts_of_extract(path: Path) -> ExtractFacts:
    """Read an extract's zip without verifying it. Raises UnreadableExtract."""
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
        raise UnreadableExtract(f"{path}: 不是可用的核验包 / not a readable extract: {error}") from error


def _grants(acts: Iterable[Json]) -> OtherGrants:
    """The last record of each name and year counts."""
    newest = {(one["subject"], one["year"], one["name"]): one for one in acts if "other_grant_id" in one}
    found: dict[tuple[str, int], list[OtherGrant]] = {}
    for (subject, year, _), one in newest.items():
        grant = OtherGrant(f"{OTHER_GRANT}/{one['other_grant_id']}", parse_yuan(one["amount"]))
        found.setdefault((subject, year), []).append(grant)
    return found


def _by_about(items: Iterable[dict[str, object]]) -> Iterator[tuple[str, KnownFacts]]:
    """An extract does not number its facts: the newest is by `recorded_at`, then by name."""
    found: dict[str, list[tuple[tuple[str, str], Fact]]] = {}
    for item in items:
        topic, _, key = str(item["fact"]).partition("/")
        fact = parse_fact(topic, key, msgspec.json.encode(item["value"]))
        found.setdefault(about_of(fact), []).append(((str(item["recorded_at"]), key), fact))
    for about, facts in found.items():
        yield about, known_facts(facts)
