"""The policy under an alternative reading of its text. Pure.

The file gives values for the alternative to G1 alone, a period; all other alternatives would need code.
"""

import msgspec

from services.incentive.policy.terms import Policy, Reading

_PERIOD = "general.in_force"
_OTHER_PERIOD = f"{_PERIOD}.alternative"
_LIMITS = ("from", "until")


def computable_readings(policy: Policy) -> tuple[Reading, ...]:
    """The readings whose alternative can be computed from values alone, in the file's order."""
    return tuple(
        reading
        for reading in policy.alternatives
        if reading.path == _PERIOD and policy.in_force != policy.in_force_alternative
    )


def with_alternative(policy: Policy, path: str) -> Policy | None:
    """Swap a computable reading with its alternative; None if `path` names no computable reading.

    The result keeps the `digest` of the file that it was made from.
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
