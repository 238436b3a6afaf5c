"""The signing key of a program, from SIGNING_KEY_FILE; created at the first start."""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.settings import Settings, SettingsError
from shared.translog.keyfile import KeyFileError, load_or_create_key

_DEFAULT_FILE: Final = Path("~/.local/state/jiangbu/signing-key")


def signing_key_file(settings: Settings) -> Path:
    """Return the path of SIGNING_KEY_FILE, or the default in the user's home. SettingsError."""
    try:
        return (settings.signing_key_file or _DEFAULT_FILE).expanduser()
    except RuntimeError as error:
        raise SettingsError("SIGNING_KEY_FILE: 未设置 / is not set, and there is no home folder") from error


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """Load the key, or create it if the file does not exist. SettingsError if that fails."""
    path = signing_key_file(settings)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return load_or_create_key(path)
    except (OSError, KeyFileError) as error:
        raise SettingsError(f"SIGNING_KEY_FILE: {error}") from error
