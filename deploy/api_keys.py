"""Create API keys: each in a file of its holder, and the hashes in the file that the services read."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from deploy.secrets import OUR_UID, SecretsError, exchange_user, hand_over, new_secret, write_secret
from shared.durable_files import replace_file
from shared.whitelist import Whitelist

# Holders of the initial keys, and their roles; some awards pass through three persons of the bureau.
ROLES: Final = {
    "auditor": "auditor",
    "bureau": "bureau",
    "bureau2": "bureau",
    "bureau3": "bureau",
    "service": "service",
}
API_KEY: Final = "api-key"
HASHES: Final = Path("apis") / "api-keys.yaml"


class Person(NamedTuple):
    """A person with a key: an id for files and for comparing persons, a role of `ROLES`, and the name in decisions."""

    id: str
    role: str
    name: str = ""

    def key_file(self, folder: Path) -> Path:
        """Return the file of the person's key below the folder of secrets."""
        return folder / f"person.{self.id}" / API_KEY


class _WantedKey(NamedTuple):
    path: Path
    name: str
    role: str
    person: str | None = None

    def entry(self, key: str) -> dict[str, str]:
        return key_entry(self.name, self.role, key) | ({} if self.person is None else {"person": self.person})


def key_entry(name: str, role: str, key: str) -> dict[str, str]:
    """Return what the services know of a key: name, role and hash."""
    return {"name": name, "role": role, "sha256": hashlib.sha256(key.encode()).hexdigest()}


def make_api_keys(folder: Path, exchanges: Whitelist, uid: int = OUR_UID, persons: Iterable[Person] = ()) -> list[Path]:
    """Create the keys whose files are missing, and store their hashes. Returns the new files. SecretsError.

    Removing its file therefore changes a key. Other entries in the file of hashes stay, including those added by hand;
    an entry that was removed by hand does not come back. A role that persons have gets no key without a person.
    """
    made = []
    for wanted in _missing_keys(folder, exchanges, persons):
        key = new_secret()
        # The hash first: a crash before the key file leaves the hash of a key that nobody has.
        _enter(folder / HASHES, wanted.entry(key), uid)
        if write_secret(wanted.path, key, uid):
            made.append(wanted.path)
    return made


def missing_api_keys(folder: Path, exchanges: Whitelist, persons: Iterable[Person] = ()) -> list[Path]:
    """Return the files that `make_api_keys` would create. SecretsError."""
    return [wanted.path for wanted in _missing_keys(folder, exchanges, persons)]


def _missing_keys(folder: Path, exchanges: Whitelist, persons: Iterable[Person]) -> list[_WantedKey]:
    named = [_WantedKey(one.key_file(folder), one.name or one.id, one.role, one.id) for one in persons]
    known = _entries(folder / HASHES)
    held = {one.role for one in named} | {one["role"] for one in known if "person" in one}
    names = {one["name"] for one in known}
    holders = {holder: role for holder, role in ROLES.items() if role not in held or holder in names}
    holders |= {exchange_user(exchange_id): f"exchange:{exchange_id}" for exchange_id in exchanges.ids}
    shared = [_WantedKey(folder / holder / API_KEY, holder, role) for holder, role in holders.items()]
    return [wanted for wanted in (*named, *shared) if not wanted.path.exists()]


def _entries(path: Path) -> list[dict[str, str]]:
    """Return the entries of the file of hashes; none if it does not exist. SecretsError."""
    try:
        entries: list[dict[str, str]] = yaml.safe_load(path.read_text("utf-8")) or []
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SecretsError(f"{path}: 无法读取 / cannot be read: {error!r}") from error
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise SecretsError(f"{path}: 须为列表，每项有 name 和 role / must be a list of keys, each with name and role")
    return entries


def _is_entry(one: object) -> bool:
    return isinstance(one, dict) and {"name", "role"} <= one.keys()


def _enter(path: Path, entry: dict[str, str], uid: int) -> None:
    """Replace the entry of the same name, or append it."""
    write_secret(path, "[]", uid)  # if it does not exist yet
    others = [one for one in _entries(path) if one["name"] != entry["name"]]
    try:
        replace_file(path, yaml.safe_dump([*others, entry], allow_unicode=True, sort_keys=False))
        hand_over(path, uid)
    except OSError as error:
        raise SecretsError(f"{path}: 无法更新 / cannot be updated: {error.strerror}") from error
