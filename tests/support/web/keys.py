"""API keys for tests: one a role; the key of role R is `R-key`."""

import hashlib

from shared.values.parties import complete_uscc

# A subject without documents.
NOBODY = f"subject:uscc:{complete_uscc('91530100MA6999999')}"
ROLES = ("auditor", "bureau", "service", "exchange:kmdex", "exchange:dcdex", NOBODY)
# Subjects with documents in tests: fictional entities by their numbers, one of the worlds', and kmdex's operator.
OWNERS = (
    *(f"subject:uscc:{complete_uscc(f'91530100MA6{number:06d}')}" for number in (1, 2, 3, 4, 5)),
    f"subject:uscc:{complete_uscc('91530000000000072')}",
    "subject:uscc:91530100MAXKMDEX0C",
)
KEYS = {role: hashlib.sha256(f"{role}-key".encode()).hexdigest() for role in (*ROLES, *OWNERS)}
# A second and a third person of the bureau, whose keys are `bureau2-key` and `bureau3-key`.
BUREAU2 = hashlib.sha256(b"bureau2-key").hexdigest()
BUREAU3 = hashlib.sha256(b"bureau3-key").hexdigest()
# A newer key of the first person, under another name: `rotated-key`.
ROTATED = hashlib.sha256(b"rotated-key").hexdigest()


def headers(role: str | None) -> dict[str, str]:
    return {} if role is None else {"Authorization": f"Bearer {role}-key"}
