"""Check the files of a deployment: policy, passwords, API keys."""

import stat
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from deploy.api_keys import HASHES
from deploy.doctor.finding import Finding, found
from deploy.secrets import Secret, read_password, wanted_secrets
from services.incentive.policy.loader import PolicyError, load_policy
from shared.web.keys import KeysError, load_keys
from shared.whitelist import Whitelist

# Others must have no rights on a secret, and the group must not write.
_TOO_OPEN = stat.S_IRWXO | stat.S_IWGRP
# Roles that every deployment needs.
_ROLES = ("auditor", "bureau", "service")


def policy_file(path: Path, cut_at: Iterable[date]) -> Finding:
    """Check that the policy is valid, and that TOTALS_CUT_AT has every date that it names."""
    subject = "政策文件 policy file"
    try:
        policy = load_policy(path)
    except (PolicyError, OSError) as error:
        return Finding(subject, False, " | ".join(str(error).splitlines()))
    missing = [day.isoformat() for day in policy.cut_dates if day not in set(cut_at)]
    faults = [f"TOTALS_CUT_AT: 缺少 / lacks {', '.join(missing)}: add them, restart trade-ingest"] if missing else []
    return found(subject, faults, f"{policy.id} revision {policy.revision}")


def secret_files(folder: Path, exchanges: Whitelist) -> Finding:
    """Check that every password exists and is private."""
    wanted = list(wanted_secrets(exchanges))
    missing = [str(one.path(folder)) for one in wanted if not one.path(folder).exists()]
    faults = [f"缺少 / missing {', '.join(missing)}: run `jiangbu secrets {folder}`"] if missing else []
    empty = [str(one.path(folder)) for one in wanted if one.path(folder).exists() and not _is_filled(one, folder)]
    if empty:
        faults.append(f"空文件 / empty {', '.join(empty)}: remove them and run `jiangbu secrets {folder}`")
    faults += too_open(folder)
    return found("密码文件 passwords", faults, f"{folder}: {len(wanted)} files")


def _is_filled(secret: Secret, folder: Path) -> bool:
    # An empty file disables an exchange on purpose.
    return secret.holder.startswith("exchange.") or bool(read_password(secret.path(folder)))


def too_open(folder: Path) -> list[str]:
    """Describe files and folders of secrets with too wide permissions."""
    paths = sorted(folder.rglob("*"))
    wrong = [f"{path} {stat.filemode(path.stat().st_mode)}" for path in paths if path.stat().st_mode & _TOO_OPEN]
    return [f"权限过宽 / too open: {', '.join(wrong)}: chmod go-w,o= FILE"] if wrong else []


def api_keys(folder: Path, exchanges: Whitelist) -> Finding:
    """Check that the hashes can be read, and that each role and each exchange has a key."""
    subject = "密钥 API keys"
    path = folder / HASHES
    try:
        keys = load_keys(path).keys
    except (KeysError, OSError) as error:
        return Finding(subject, False, f"{error}: run `jiangbu secrets {folder}`")
    roles = {key.role for key in keys}
    without = [role for role in (*_ROLES, *(f"exchange:{one}" for one in exchanges.ids)) if role not in roles]
    faults = [f"没有密钥 / no key for {', '.join(without)}: run `jiangbu secrets {folder}`"] if without else []
    return found(subject, faults, f"{path}: {len(keys)} keys")
