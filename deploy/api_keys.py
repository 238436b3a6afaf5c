"""Create API keys: each in a file of its holder, and the hashes in the file that the services read."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from deploy.secrets import OUR_UID, SecretsError, exchange_user, hand_over, new_secret, write_secret
from shared.durable_files import replace_file
from shared.whitelist import Whitelist

if TYPE_CHECKING:
    from shared.values.json_types import Json

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


def key_entry(name: str, role: str, key: str) -> dict[str, str]:
    """Return what the services know of a key: name, role and hash."""
    return {"name": name, "role": role, "sha256": hashlib.sha256(key.encode()).hexdigest()}


def make_api_keys(folder: Path, exchanges: Whitelist, uid: int = OUR_UID) -> list[Path]:
    """Create the keys whose files are missing, and store their hashes. Returns the new files. SecretsError.

    Removing its file therefore changes a key. Other entries in the file of hashes stay, including those added by hand;
    an entry that was removed by hand does not come back.
    """
    made = []
    holders = ROLES | {exchange_user(exchange_id): f"exchange:{exchange_id}" for exchange_id in exchanges.ids}
    for holder, role in holders.items():
        path = folder / holder / API_KEY
        if path.exists():
            continue
        key = new_secret()
        # The hash first: a crash before the key file leaves the hash of a key that nobody has.
        _enter(folder / HASHES, key_entry(holder, role, key), uid)
        if write_secret(path, key, uid):
            made.append(path)
    return made


def _enter(path: Path, entry: dict[str, str], uid: int) -> None:
    """Replace the entry of the same name, or append it."""
    write_secret(path, "[]", uid)  # if it does not exist yet
    try:
        entries: list[Json] = yaml.safe_load(path.read_text("utf-8")) or []
        others = [one for one in entries if one["name"] != entry["name"]]
        replace_file(path, yaml.safe_dump([*others, entry], allow_unicode=True, sort_keys=False))
        hand_over(path, uid)
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise SecretsError(f"{path}: 无法更新 / cannot be updated: {error!r}") from error
