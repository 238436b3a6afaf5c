"""Write what is planned: only what is missing, never over what exists."""

import contextlib
import os
import pwd
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from deploy.api_keys import make_api_keys, missing_api_keys
from deploy.first_setup.certificates import (
    Authority,
    CertificateError,
    issue,
    new_authority,
    new_key,
    valid_until,
)
from deploy.first_setup.plan import FOR_ALL, FOR_OWNER, Plan, PlannedFile
from deploy.secrets import OUR_UID, make_secrets
from shared.durable_files import create_file
from shared.operator_errors import OperatorError

RENEW_WITHIN: Final = timedelta(days=60)


class FirstSetupError(OperatorError):
    """A file of the first setup cannot be created; the message names it."""


def list_plan(plan: Plan) -> Iterator[str]:
    """Yield a line for each file that `write_plan` would create, or that it would keep. Writes nothing."""
    expected = [file.path for file in plan.files]
    if plan.owns_authority:
        expected += [plan.authority_key_file, plan.authority_file, *(one.path for one in plan.certificates)]
    expected += [secret.path(plan.secrets_folder) for secret in plan.secrets]
    for path in expected:
        yield f"{path}: {'保留 / kept' if path.exists() else '将新建 / would be created'}"
    for path in missing_api_keys(plan.secrets_folder, plan.whitelist, plan.persons):
        yield f"{path}: 将新建 / would be created"


def write_plan(plan: Plan, now: datetime) -> Iterator[str]:
    """Create what is missing, a line for each file; what exists stays, and a line says if it differs.

    FirstSetupError, SecretsError, CertificateError, OSError for a file that cannot be read.
    """
    for file in plan.files:
        yield from _write_file(file)
    yield from _write_certificates(plan, now) if plan.owns_authority else _named_certificates(plan)
    made = make_secrets(plan.secrets_folder, plan.secrets)
    made += make_api_keys(plan.secrets_folder, plan.whitelist, OUR_UID, plan.persons)
    yield from (f"{path}: 新建 / created" for path in made)


def _write_file(file: PlannedFile) -> Iterator[str]:
    if _create(file.path, file.text, lambda part: part.chmod(file.mode)):
        yield f"{file.path}: 新建 / created"
    elif file.path.read_bytes() != file.text.encode():
        yield f"{file.path}: 保留，内容不同 / kept, has other content"


def _create(path: Path, text: str, prepare: Callable[[Path], None]) -> bool:
    """Create a file, and its folder if missing; False if the file exists. FirstSetupError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return create_file(path, text, prepare)
    except OSError as error:
        raise FirstSetupError(f"{path}: 无法写入 / cannot be written: {error.strerror}") from error


def _write_certificates(plan: Plan, now: datetime) -> Iterator[str]:
    """Issue the missing certificates. The key of the authority is needed only if one is missing."""
    missing = [one for one in plan.certificates if not one.path.exists()]
    if missing or not plan.authority_file.exists():
        authority = yield from _authority(plan, now)
        for one in missing:
            with _naming(plan.authority_key_file):
                issued = issue(authority, one.names, now)
            _create(one.path, issued, partial(_give, owner=one.owner))
            yield f"{one.path}: 新建 / created"
    else:
        yield _validity(plan.authority_file, now)
    for one in plan.certificates:
        yield _validity(one.path, now)


def _authority(plan: Plan, now: datetime) -> Generator[str, None, Authority]:
    key_file, certificate_file = plan.authority_key_file, plan.authority_file
    if certificate_file.exists() and not key_file.exists():
        raise CertificateError(f"{key_file}: 缺少，签发时须放回 / missing: put it back to issue certificates")
    if not key_file.exists():
        yield from _write_file(PlannedFile(key_file, new_key(), FOR_OWNER))
    key = key_file.read_text("ascii")
    if not certificate_file.exists():
        with _naming(key_file):
            made = new_authority(key, f"jiangbu {plan.name}", now)
        yield from _write_file(PlannedFile(certificate_file, made.certificate, FOR_ALL))
    yield _validity(certificate_file, now)
    return Authority(key, certificate_file.read_text("ascii"))


def _validity(path: Path, now: datetime) -> str:
    with _naming(path):
        end = valid_until(path.read_text("ascii"))
    if end - now > RENEW_WITHIN:
        return f"{path}: 有效至 {end:%Y-%m-%d} / valid until {end:%Y-%m-%d}"
    return f"{path}: 有效至 {end:%Y-%m-%d}，删除后再次执行即换新 / ends {end:%Y-%m-%d}: remove it and run this again"


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the file in errors about its key or certificate."""
    try:
        yield
    except CertificateError as error:
        raise CertificateError(f"{path}: {error}") from error


def _named_certificates(plan: Plan) -> Iterator[str]:
    """Say where certificates of another authority belong."""
    for one in plan.certificates:
        if not one.path.exists():
            names = ", ".join(one.names)
            yield f"{one.path}: 须放入密钥与证书 / put key and certificates here, for: {names}"
    if not plan.authority_file.exists():
        yield f"{plan.authority_file}: 须放入机构证书 / put the authority's certificate here"


def _give(part: Path, owner: str | int) -> None:
    """Give a file to an account, if we are root and the account is there."""
    if os.geteuid() != 0:
        return
    try:
        os.chown(part, owner if isinstance(owner, int) else pwd.getpwnam(owner).pw_uid, -1)
    except KeyError:
        return
