"""The inputs of the rules beside facts: policy file, whitelist, and the registers that count.

A program is started with files; the ledger records which of them are in force, from which instant on.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import Registers
from services.incentive.policy.loader import PolicyError, read_policy
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF
from services.incentive.store.ledger import next_seq
from shared.operator_errors import OperatorError
from shared.postgres.query import execute, fetch, fetch_one
from shared.settings import Settings, SettingsError
from shared.values.json_types import Json
from shared.whitelist import Whitelist, load_whitelist, parse_whitelist

_IN_FORCE: Final = f"""
    SELECT id, policy_digest, whitelist_digest, registers FROM ledger_settings
    WHERE recorded_at <= {AS_OF} ORDER BY id DESC LIMIT 1
"""
_RECORD: Final = """
    INSERT INTO ledger_settings (from_seq, recorded_at, policy_id, policy_revision, policy_digest, policy_source,
                                 whitelist_digest, whitelist, registers)
    VALUES (%(from_seq)s, %(recorded_at)s, %(policy_id)s, %(policy_revision)s, %(policy_digest)s, %(policy_source)s,
            %(whitelist_digest)s, CAST(%(whitelist)s AS jsonb), %(registers)s)
"""


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
    policy_digest: str
    whitelist_digest: str
    registers: Registers

    @property
    def digests(self) -> tuple[str, str]:
        return self.policy_digest, self.whitelist_digest


_recorded: dict[tuple[str, str], Rulebook] = {}  # by the digests of policy and whitelist; few are ever in force


def load_rulebook(settings: Settings) -> Rulebook:
    """Read the files of the settings. Raises SettingsError or WhitelistError if one cannot be used."""
    try:
        content = settings.policy_file.read_bytes()
        policy = read_policy(content, str(settings.policy_file))
    except OSError as error:
        raise SettingsError(f"POLICY_FILE: {settings.policy_file} cannot be read: {error.strerror}") from error
    except PolicyError as error:
        raise SettingsError(f"POLICY_FILE: {error}") from error
    return Rulebook(policy, content.decode(), load_whitelist(settings.exchanges_file))


def settings_in_force(connection: Connection, as_of: datetime | None = None) -> SettingsInForce | None:
    """Return the settings in force, now or as of an instant; None before any were."""
    row = fetch_one(connection, _IN_FORCE, tuple[int, str, str, list[str] | None], as_of=as_of)
    return None if row is None else SettingsInForce(*row[:3], registers_of(row[3]))


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
            "台账中生效的是另一政策文件或名录，请重新启动本程序 / another policy or whitelist is in force in the"
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


def rulebook_in_force(connection: Connection) -> Rulebook | None:
    """The rulebook in force now; None if none is."""
    found = settings_in_force(connection)
    return None if found is None else _recorded_rulebook(connection, found)


def record_settings(connection: Connection, rulebook: Rulebook, instant: datetime) -> None:
    """Record that this rulebook is in force from an instant on."""
    execute(
        connection,
        _RECORD,
        from_seq=next_seq(connection),
        recorded_at=instant,
        policy_id=rulebook.policy.id,
        policy_revision=rulebook.policy.revision,
        policy_digest=rulebook.policy.digest,
        policy_source=rulebook.policy_source,
        whitelist_digest=rulebook.exchanges.digest,
        whitelist=msgspec.json.encode(rulebook.exchanges.canonical()).decode(),
        registers=None if rulebook.registers is None else list(rulebook.registers),
    )


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
