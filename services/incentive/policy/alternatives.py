"""The policy under another of the readings that its file names, where the file gives that reading's values. Pure.

Most other readings are words alone: what they would come to needs code. Those of G1 are two periods.
"""

import msgspec

from services.incentive.policy.terms import Policy, Reading

_PERIOD = "general.in_force"
_OTHER_PERIOD = f"{_PERIOD}.alternative"
_LIMITS = ("from", "until")


def computable_readings(policy: Policy) -> tuple[Reading, ...]:
    """The readings that can be exchanged for their alternative by values alone, in the file's order."""
    return tuple(
        reading
        for reading in policy.alternatives
        if reading.path == _PERIOD and policy.in_force != policy.in_force_alternative
    )


def with_alternative(policy: Policy, path: str) -> Policy | None:
    """The policy with one of these readings exchanged for its alternative; None where none has this path.

    The two change places, so that the alternative of the outcome is the file's own reading. It is of no file, and its
    `digest` stays that of the one it was made of.
    """
    if path not in {reading.path for reading in computable_readings(policy)}:
        return None
    other = {f"{_PERIOD}.{limit}": f"{_OTHER_PERIOD}.{limit}" for limit in _LIMITS}
    other |= {theirs: ours for ours, theirs in other.items()}
    said = {value.path: value.value for value in policy.values}
    return msgspec.structs.replace(
        policy,
        in_force=policy.in_force_alternative,
        in_force_alternative=policy.in_force,
        values=tuple(
            msgspec.structs.replace(value, value=said[other[value.path]]) if value.path in other else value
            for value in policy.values
        ),
    )
