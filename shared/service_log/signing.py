"""The key by which a program signs: from the file that the settings name, made at the first start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.settings import SettingsError
from shared.translog.keyfile import KeyFileError, load_or_create_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from shared.settings import Settings

_WHERE_NONE_IS_NAMED: Final = Path("~/.local/state/jiangbu/signing-key")


def signing_key_file(settings: Settings) -> Path:
    """The file that SIGNING_KEY_FILE names, or one in the home of who runs the program. Raises SettingsError."""
    try:
        return (settings.signing_key_file or _WHERE_NONE_IS_NAMED).expanduser()
    except RuntimeError as error:
        raise SettingsError("SIGNING_KEY_FILE: 未设置 / is not set, and there is no home folder") from error


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key in that file; made if there is none yet. Raises SettingsError if it cannot be read or made."""
    path = signing_key_file(settings)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return load_or_create_key(path)
    except (OSError, KeyFileError) as error:
        raise SettingsError(f"SIGNING_KEY_FILE: {error}") from error
