"""`jiangbu install --systemd`: accounts, secrets, settings and units of one host. Safe to repeat."""

import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.api_keys import make_api_keys
from deploy.host.layout import KAFKA, OUR_ACCOUNT, Host, HostError
from deploy.host.render import private_files, public_files
from deploy.rendered_files import FOR_ALL, plan_files, write_files
from deploy.secrets import OUR_UID, make_secrets, wanted_secrets
from shared.durable_files import replace_file
from shared.whitelist import load_whitelist

# Lines of sysusers.d(5). The number is that of the image, so that a folder of secrets can move from one to the other.
ACCOUNTS: Final = (f'u {OUR_ACCOUNT} {OUR_UID} "jiangbu"', f'u {KAFKA} - "Apache Kafka of jiangbu"')
_FOR_OWNER: Final = 0o600


def install(host: Host, exchanges_file: Path, *, force: bool) -> Iterator[str]:
    """Write everything that units need, a line for each file.

    Secrets and the whitelist are created if missing; other files with other content are replaced only with `force`.
    HostError, ChangedFilesError, SecretsError.
    """
    exchanges = load_whitelist(exchanges_file)
    try:
        planned = [
            (plan_files(_relative(files), Path("/"), force=force), mode)
            for files, mode in ((private_files(host), _FOR_OWNER), (public_files(host), FOR_ALL))
        ]
        uid = _account(host.user)
        for files, mode in planned:
            yield from write_files(files, mode)
        listed = host.config / "exchanges.yaml"
        if not listed.exists():
            replace_file(listed, exchanges_file.read_text("utf-8"), FOR_ALL)
            yield f"{listed}: 新建 / created"
    except OSError as error:
        raise HostError(f"{error.filename}: 无法写入 / cannot be written: {error.strerror}") from error
    # Engines on the host get their secrets from systemd, or are told them once: no group of theirs reads the files.
    secrets = [secret._replace(gid=None) for secret in wanted_secrets(exchanges)]
    for path in make_secrets(host.secrets, secrets, uid) + make_api_keys(host.secrets, exchanges, uid):
        yield f"{path}: 新建 / created"


def _relative(files: Mapping[Path, str]) -> dict[str, str]:
    return {str(path.absolute()).lstrip("/"): text for path, text in files.items()}


def _account(name: str) -> int:
    """Return the number of the programs' account. Ours is created if missing, and Kafka's with it. HostError."""
    said = _create_accounts() if name == OUR_ACCOUNT else ""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise HostError(f"没有用户 / there is no account {name} {said}".strip()) from None


def _create_accounts() -> str:
    """Create both accounts if missing; return what the program said."""
    program = shutil.which("systemd-sysusers")
    if program is None:
        return "(no systemd-sysusers)"
    run = [program, "--inline", *ACCOUNTS]
    return subprocess.run(run, check=False, capture_output=True, text=True).stderr.strip()  # noqa: S603 - constants
