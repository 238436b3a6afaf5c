"""API keys for tests: one a role; the key of role R is `R-key`."""

import hashlib

ROLES = ("auditor", "bureau", "service", "exchange:kmdex", "exchange:dcdex")
KEYS = {role: hashlib.sha256(f"{role}-key".encode()).hexdigest() for role in ROLES}
# A second and a third person of the bureau, whose keys are `bureau2-key` and `bureau3-key`.
BUREAU2 = hashlib.sha256(b"bureau2-key").hexdigest()
BUREAU3 = hashlib.sha256(b"bureau3-key").hexdigest()
# A newer key of the first person, under another name: `rotated-key`.
ROTATED = hashlib.sha256(b"rotated-key").hexdigest()


def headers(role: str | None) -> dict[str, str]:
    return {} if role is None else {"Authorization": f"Bearer {role}-key"}
