"""Check the files of a deployment: policy, whitelist, passwords, API keys."""

import stat
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from deploy.api_keys import HASHES
from deploy.doctor.finding import Checked, check
from deploy.secrets import Secret, SecretsError, read_password, wanted_secrets
from services.incentive.policy.loader import load_policy
from shared.web.keys import KeysError, load_keys
from shared.whitelist import Whitelist
from shared.yaml_files.tree import YamlFileError

# Others must have no rights on a secret, and the group must not write.
_TOO_OPEN = stat.S_IRWXO | stat.S_IWGRP
_SHOWN = 5
# Roles that every deployment needs.
_ROLES = ("auditor", "bureau", "service")


@check("政策文件 policy file", YamlFileError, OSError)
def policy_file(path: Path, cut_at: Iterable[date] | None = None) -> Checked:
    """Check that the policy is valid, and that TOTALS_CUT_AT has every date that it names."""
    policy = load_policy(path)
    missing = [] if cut_at is None else [day.isoformat() for day in policy.cut_dates if day not in set(cut_at)]
    faults = [f"TOTALS_CUT_AT: 缺少 / lacks {', '.join(missing)}: add them, restart trade-ingest"] if missing else []
    return faults, f"{policy.id} revision {policy.revision}"


@check("名单 whitelist")
def whitelist(exchanges: Whitelist, path: Path, named: Iterable[str] = ()) -> Checked:
    """Check that the whitelist has every exchange that EXCHANGES names."""
    unknown = sorted(set(named) - set(exchanges.ids))
    faults = [f"EXCHANGES names exchanges that are not on it: {', '.join(unknown)}"] if unknown else []
    return faults, f"{path}: {', '.join(exchanges.ids)}"


@check("密码文件 passwords", SecretsError, OSError)
def secret_files(folder: Path, exchanges: Whitelist) -> Checked:
    """Check that every password exists and is private."""
    wanted = {one.path(folder): one for one in wanted_secrets(exchanges)}
    missing = [str(path) for path in wanted if not path.exists()]
    faults = [f"缺少 / missing {', '.join(missing)}: run `jiangbu secrets {folder}`"] if missing else []
    empty = [str(path) for path, one in wanted.items() if path.exists() and not _is_filled(one, path)]
    if empty:
        faults.append(f"空文件 / empty {', '.join(empty)}: remove them and run `jiangbu secrets {folder}`")
    modes = {path: path.stat().st_mode for path in sorted(folder.rglob("*"))}
    wrong = [f"{path} {stat.filemode(mode)}" for path, mode in modes.items() if mode & _TOO_OPEN]
    if wrong:
        shown = ", ".join([*wrong[:_SHOWN], *(["..."] if len(wrong) > _SHOWN else [])])
        faults.append(f"{len(wrong)} 个权限过宽 / are too open: {shown}: chmod go-w,o= FILE")
    return faults, f"{folder}: {len(wanted)} files"


def _is_filled(secret: Secret, path: Path) -> bool:
    # An empty file disables an exchange on purpose.
    return secret.holder.startswith("exchange.") or bool(read_password(path))


@check("密钥 API keys")
def api_keys(folder: Path, exchanges: Whitelist) -> Checked:
    """Check that the hashes can be read, and that each role and each exchange has a key."""
    path, repair = folder / HASHES, f"run `jiangbu secrets {folder}`"
    try:
        keys = load_keys(path).keys
    except (KeysError, OSError) as error:
        return [f"{error}: {repair}"], ""
    roles = {key.role for key in keys}
    without = [role for role in (*_ROLES, *(f"exchange:{one}" for one in exchanges.ids)) if role not in roles]
    faults = [f"没有密钥 / no key for {', '.join(without)}: {repair}"] if without else []
    return faults, f"{path}: {len(keys)} keys"
