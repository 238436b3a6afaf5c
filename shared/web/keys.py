"""API keys and roles. The file holds SHA-256 hashes, so reading it gives no access."""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, TypeVar

import yaml
from flask import current_app, g, request

from shared.events.topics import EXCHANGE_PATTERN
from shared.settings import SettingsError
from shared.values.parties import parse_subject
from shared.web.problems import Problem

SUBJECT: Final = "subject"
EVERY_KIND: Final = ("auditor", "bureau", "service", "exchange", SUBJECT)
ROLES_SAY: Final = "auditor, bureau, service, exchange:<id> or subject:<scheme>:<id>"
_ROLE: Final = re.compile(f"auditor|bureau|service|exchange:{EXCHANGE_PATTERN}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_FIELDS: Final = {"name", "role", "sha256"}
_OPTIONAL: Final = {"person"}
_KINDS: Final = "kinds_of_key"  # attribute of a view: the kinds that `require` names

P = ParamSpec("P")
R = TypeVar("R")


class KeysError(SettingsError):
    """The key file is invalid; the message names the place and the reason in one line."""


class ApiKey(NamedTuple):
    """A key: its name, role, the SHA-256 (hex) of the key itself, and the person or system that holds it.

    Two keys of one person have one `person`, whatever their names: a rotated key, or one for each role.
    """

    name: str
    role: str
    sha256: str
    person: str

    @property
    def exchange(self) -> str | None:
        """The exchange that the key is limited to; None for keys of other kinds."""
        kind, _, exchange = self.role.partition(":")
        return exchange if kind == "exchange" else None

    @property
    def subject(self) -> str | None:
        """The subject (`<scheme>:<id>`) that the key is limited to; None for keys of other kinds."""
        kind, _, subject = self.role.partition(":")
        return subject if kind == SUBJECT else None

    @property
    def viewer(self) -> str | None:
        """The exchange or subject that the key is limited to; None for keys that see everything."""
        return self.exchange or self.subject

    @property
    def kind(self) -> str:
        """`exchange`, `subject`, `auditor`, `bureau` or `service`."""
        return self.role.partition(":")[0]

    def sees(self, exchange: str) -> bool:
        return self.viewer in (None, exchange)


def is_role(text: str) -> bool:
    """Return True for a role that a key or an account can have."""
    if _ROLE.fullmatch(text) is not None:
        return True
    kind, _, subject = text.partition(":")
    try:
        parse_subject(subject)
    except ValueError:
        return False
    return kind == SUBJECT


class ApiKeys(NamedTuple):
    """The keys of the file, read once at start."""

    keys: tuple[ApiKey, ...]

    def find(self, presented: bytes) -> ApiKey | None:
        """Return the presented key, in constant time."""
        return self.of_digest(hashlib.sha256(presented).hexdigest())

    def of_digest(self, digest: str) -> ApiKey | None:
        """Return the key with this SHA-256 (hex), in constant time."""
        found = None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def load_keys(path: Path | None) -> ApiKeys:
    """Load a YAML list of `{name, role, sha256, person}`; `person` defaults to the name.

    Raises KeysError naming the file and the entry.
    """
    if path is None:
        raise KeysError("API_KEYS_FILE: 未设置 / is not set (all settings are named in .env.example)")
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: cannot be read ({type(error).__name__})") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise KeysError(f"{path}: not YAML{f', line {where.line + 1}' if where else ''}") from error
    if not isinstance(entries, list):
        raise KeysError(f"{path}: must be a list of keys, each with name, role and sha256")
    keys = tuple(_parse_key(f"{path}: key {number}", entry) for number, entry in enumerate(entries, 1))
    hashes = [key.sha256 for key in keys]
    for number, digest in enumerate(hashes, 1):
        if hashes.index(digest) != number - 1:
            raise KeysError(f"{path}: key {number}: same sha256 as key {hashes.index(digest) + 1}")
    return ApiKeys(keys)


def _parse_key(where: str, entry: object) -> ApiKey:
    if not isinstance(entry, dict) or set(entry) - _OPTIONAL != _FIELDS:
        raise KeysError(f"{where}: must have the fields name, role and sha256, may have person, and no other")
    name, role, sha256 = entry["name"], entry["role"], entry["sha256"]
    person = entry.get("person", name)
    if not isinstance(name, str) or not name.strip():
        raise KeysError(f"{where}: name must be text")
    if not isinstance(person, str) or not person.strip():
        raise KeysError(f"{where}: person must be text")
    if not isinstance(role, str) or not is_role(role):
        raise KeysError(f"{where}: role must be {ROLES_SAY}")
    # Digits alone would be read by YAML as a number.
    if not isinstance(sha256, str) or _SHA256.fullmatch(sha256) is None:
        raise KeysError(f"{where}: sha256 must be 64 lower-case hex digits, in quotes")
    return ApiKey(name, role, sha256, person)


def authenticate(keys: ApiKeys) -> None:
    """Set the key of this request. Problem 401 if it is missing or unknown, 403 if it is a subject's elsewhere."""
    header = request.headers.get("Authorization")
    if header is None:
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="jiangbu"'})
    match = _BEARER.fullmatch(header.strip())
    # WSGI decodes headers as Latin-1.
    key = keys.find(match[1].encode("latin-1", "replace")) if match else None
    if key is None:
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="jiangbu", error="invalid_token"'})
    ask_as(key)
    refuse_subject()


def refuse_subject() -> None:
    """Refuse a subject's key at a view that is not declared open to it. Problem 403.

    Views for every key were written for keys that see everything or one exchange, so a new one is closed to subjects
    until `require` names them.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if current_key().kind == SUBJECT and SUBJECT not in getattr(view, _KINDS, ()):
        raise Problem(403)


def ask_as(key: ApiKey) -> None:
    """Treat the current request as made with this key."""
    g.api_key = key


def current_key() -> ApiKey:
    key: ApiKey = g.api_key
    return key


def require(*kinds: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Allow only these kinds of key, of EVERY_KIND; 403 for others.

    Apply it above `arguments`, so that callers without the right do not learn what is wrong with their request.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if current_key().kind not in kinds:
                raise Problem(403)
            return view(*args, **kwargs)

        setattr(guarded, _KINDS, kinds)
        return guarded

    return decorate
