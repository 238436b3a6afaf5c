"""The inputs of the rules other than facts: policy file, whitelist, and the registers that count.

A program is started with files; the ledger records which of them are in force, from which instant on.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import Registers
from services.incentive.domain.postings import settings_posting
from services.incentive.policy.loader import read_policy
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF
from services.incentive.store.ledger import next_seq, post
from shared.operator_errors import OperatorError
from shared.postgres.query import execute, fetch, fetch_one, fetch_value
from shared.settings import Settings, SettingsError
from shared.values.json_types import Json
from shared.whitelist import Whitelist, load_whitelist, parse_whitelist
from shared.yaml_files.tree import YamlFileError

_IN_FORCE: Final = f"""
    SELECT id, policy_id, policy_revision, policy_digest, whitelist_digest, registers FROM ledger_settings
    WHERE recorded_at <= {AS_OF} ORDER BY id DESC LIMIT 1
"""
_IS_ENTERED: Final = """
    SELECT EXISTS (SELECT FROM ledger_settings s JOIN ledger_transaction t ON t.seq = s.from_seq
                   WHERE s.id = %(id)s AND t.kind = 'settings' AND t.posted_at = s.recorded_at)
"""
_NEWEST_REVISION: Final = """
    SELECT policy_revision, policy_digest FROM ledger_settings WHERE policy_id = %(id)s
    ORDER BY policy_revision DESC, id DESC LIMIT 1
"""
_CONTENT: Final = "policy_id, policy_revision, policy_digest, policy_source, whitelist_digest, whitelist, registers"
_RECORD: Final = f"""
    INSERT INTO ledger_settings (from_seq, recorded_at, {_CONTENT})
    VALUES (%(from_seq)s, %(recorded_at)s, %(policy_id)s, %(policy_revision)s, %(policy_digest)s, %(policy_source)s,
            %(whitelist_digest)s, CAST(%(whitelist)s AS jsonb), %(registers)s)
"""
_RECORD_AGAIN: Final = f"""
    INSERT INTO ledger_settings (from_seq, recorded_at, {_CONTENT})
    SELECT %(from_seq)s, %(recorded_at)s, {_CONTENT} FROM ledger_settings WHERE id = %(id)s
"""
_POLICIES_BACKWARDS: Final = "SELECT recorded_at, policy_digest, id FROM ledger_settings ORDER BY id DESC"
_SOURCE: Final = "SELECT policy_source FROM ledger_settings WHERE id = %(id)s"


class SettingsChangedError(OperatorError):
    """Another policy or whitelist is in force in the ledger: this program must be restarted with the right files."""


@dataclass(frozen=True)
class Rulebook:
    """`policy_source` is the text of the policy file; the ledger says which `registers` count."""

    policy: Policy
    policy_source: str
    exchanges: Whitelist
    registers: Registers = None

    @property
    def digests(self) -> tuple[str, str]:
        """The digests of policy and whitelist."""
        return self.policy.digest, self.exchanges.digest


class SettingsInForce(NamedTuple):
    """The digests of policy and whitelist, and the registers that count, as the ledger has them."""

    id: int
    policy_id: str
    policy_revision: int
    policy_digest: str
    whitelist_digest: str
    registers: Registers

    @property
    def digests(self) -> tuple[str, str]:
        return self.policy_digest, self.whitelist_digest


_holding_years: dict[str, bool] = {}  # by the digest of the policy
_recorded: dict[tuple[str, str], Rulebook] = {}  # by the digests of policy and whitelist; few are ever in force


def load_rulebook(settings: Settings) -> Rulebook:
    """Read the files of the settings. Raises SettingsError or WhitelistError if one cannot be used."""
    try:
        content = settings.policy_file.read_bytes()
        policy = read_policy(content, str(settings.policy_file))
    except OSError as error:
        raise SettingsError(f"POLICY_FILE: {settings.policy_file} cannot be read: {error.strerror}") from error
    except YamlFileError as error:
        raise SettingsError(f"POLICY_FILE: {error}") from error
    return Rulebook(policy, content.decode(), load_whitelist(settings.exchanges_file))


def settings_in_force(connection: Connection, as_of: datetime | None = None) -> SettingsInForce | None:
    """Return the settings in force, now or as of an instant; None before any were."""
    row = fetch_one(connection, _IN_FORCE, tuple[int, str, int, str, str, list[str] | None], as_of=as_of)
    return None if row is None else SettingsInForce(*row[:5], registers_of(row[5]))


def is_entered(connection: Connection, found: SettingsInForce) -> bool:
    """Return True if these settings have their transaction; those of earlier versions have none."""
    return fetch_value(connection, _IS_ENTERED, bool, id=found.id)


def revision_fault(connection: Connection, policy: Policy) -> str | None:
    """Explain why the ledger refuses a policy file; None if it does not.

    An older revision is refused, because a start without POLICY_FILE, for example, must not undo a newer one
    unnoticed. A revision that was put in force with other bytes is refused, too.
    """
    newest = fetch_one(connection, _NEWEST_REVISION, tuple[int, str], id=policy.id)
    if newest is None or newest[0] < policy.revision:
        return None
    revision, digest = newest
    if policy.revision < revision:
        return (
            f"POLICY_FILE: 文件是 {policy.id} 第 {policy.revision} 版，但第 {revision} 版已施行；如要恢复其值，请作为第"
            f" {revision + 1} 版发布 / POLICY_FILE: holds revision {policy.revision} of {policy.id}, but revision"
            f" {revision} was put in force; to go back to its values, publish them as revision {revision + 1}"
        )
    if policy.digest == digest:
        return None
    return (
        f"POLICY_FILE: {policy.id} 第 {revision} 版施行时的文件 SHA-256 为 {digest}，本文件为 {policy.digest}；请改用原"
        f"文件，或将改动作为第 {revision + 1} 版发布 / POLICY_FILE: revision {revision} of {policy.id} was put in force"
        f" with SHA-256 {digest}, this file has {policy.digest}; use that file, or publish the changes as revision"
        f" {revision + 1}"
    )


def are_in_force(connection: Connection, rulebook: Rulebook) -> bool:
    """Return True if the ledger's awards were computed by this policy and whitelist."""
    found = settings_in_force(connection)
    return found is not None and found.digests == rulebook.digests


def check_settings(connection: Connection, rulebook: Rulebook) -> Rulebook:
    """Return the rulebook with the registers that the ledger has in force.

    Raises SettingsChangedError unless the policy and whitelist in force are the rulebook's.
    """
    found = settings_in_force(connection)
    if found is None or found.digests != rulebook.digests:
        raise SettingsChangedError(
            revision_fault(connection, rulebook.policy)
            or "台账中生效的是另一政策文件或名录，请重新启动本程序 / another policy or whitelist is in force in the"
            " ledger: restart this program"
        )
    return replace(rulebook, registers=found.registers)


def rulebook_as_of(connection: Connection, as_of: datetime | None, ours: Rulebook) -> Rulebook:
    """The rulebook in force at an instant (None: now); the program's own if none was."""
    found = settings_in_force(connection, as_of)
    if found is None:
        return ours
    if found.digests == ours.digests:
        return replace(ours, registers=found.registers)
    return _recorded_rulebook(connection, found)


def rulebook_in_force(connection: Connection, as_of: datetime | None = None) -> Rulebook | None:
    """The rulebook in force, now or as of an instant; None if none was."""
    found = settings_in_force(connection, as_of)
    return None if found is None else _recorded_rulebook(connection, found)


def years_held_since(connection: Connection) -> datetime | None:
    """The instant since when policies in force have held the awards of open years (G14); None if they do not now."""
    since = None
    rows = fetch(connection, _POLICIES_BACKWARDS, tuple[datetime, str, int])
    for recorded_at, digest, settings_id in rows:
        if digest not in _holding_years:
            source = fetch_value(connection, _SOURCE, str, id=settings_id)
            _holding_years[digest] = read_policy(source.encode(), "ledger_settings.policy_source").open_years == "held"
        if not _holding_years[digest]:
            break
        since = recorded_at
    return since


def enter_settings(connection: Connection, rulebook: Rulebook, instant: datetime, text: tuple[str, str]) -> None:
    """Put a rulebook in force from an instant on, by a transaction; `text` says why (Chinese, English)."""
    policy, seq = rulebook.policy, next_seq(connection)
    post(connection, [settings_posting(policy.id, policy.revision, text)], instant)
    execute(
        connection,
        _RECORD,
        from_seq=seq,
        recorded_at=instant,
        policy_id=policy.id,
        policy_revision=policy.revision,
        policy_digest=policy.digest,
        policy_source=rulebook.policy_source,
        whitelist_digest=rulebook.exchanges.digest,
        whitelist=msgspec.json.encode(rulebook.exchanges.canonical()).decode(),
        registers=None if rulebook.registers is None else list(rulebook.registers),
    )


def enter_again(connection: Connection, found: SettingsInForce, instant: datetime) -> int:
    """Enter settings of an earlier version, which have no transaction, in the ledger; return its number."""
    policy, revision, seq = found.policy_id, found.policy_revision, next_seq(connection)
    registers = registers_text(found.registers)
    zh = f"补记此前测算所依：政策 {policy} 第 {revision} 版、名录与登记簿 {registers}"
    en = (
        f"entered after an upgrade, as earlier transactions were computed by it: policy {policy} revision {revision},"
        f" whitelist, registers {registers}"
    )
    post(connection, [settings_posting(policy, revision, (zh, en))], instant)
    execute(connection, _RECORD_AGAIN, from_seq=seq, recorded_at=instant, id=found.id)
    return seq


def registers_of(names: list[str] | None) -> Registers:
    """The registers that count, by the column of `ledger_settings`."""
    return None if names is None else tuple(names)


def registers_text(registers: Registers) -> str:
    return "全部 all" if registers is None else ", ".join(registers)


def _recorded_rulebook(connection: Connection, found: SettingsInForce) -> Rulebook:
    if found.digests not in _recorded:
        sources = "SELECT policy_source, whitelist FROM ledger_settings WHERE id = %(id)s"
        ((source, whitelist),) = fetch(connection, sources, tuple[str, Json], id=found.id)
        policy = read_policy(source.encode(), "ledger_settings.policy_source")
        exchanges = parse_whitelist(msgspec.json.encode(whitelist).decode())
        _recorded[found.digests] = Rulebook(policy, source, exchanges)
    return replace(_recorded[found.digests], registers=found.registers)
