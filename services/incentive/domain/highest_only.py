"""就高不重复 (G6): of all rewards of one subject in one year only the highest is payable. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.awards import Award

# Grants under other municipal policies compete, too. They have no rule in a policy file: of equals the file's wins.
OTHER_GRANT: Final = "other_grant"


class OtherGrant(NamedTuple):
    """A grant of another municipal policy. `name` is `other_grant/<id>`, as in `suppressed_by`."""

    name: str
    amount_fen: int


OtherGrants = Mapping[tuple[str, int], Sequence[OtherGrant]]  # by subject and year


class Payable(NamedTuple):
    """The payable of an award, in fen, and the award that suppresses it (None: nothing does)."""

    payable_fen: int
    suppressed_by: str | None


def payables(awards: Sequence[tuple[str, str, int]], rule_order: Sequence[str]) -> dict[str, Payable]:
    """Payables of one subject and year by award_id, given (award_id, rule, ceiling_fen).

    Among equal ceilings the rule that comes first in `rule_order` wins (a rule missing there comes last), then the
    smaller award_id in code point order. A ceiling of 0 neither suppresses nor is suppressed.
    """
    rank = {rule: index for index, rule in enumerate(rule_order)}
    order = sorted(awards, key=lambda award: (-award[2], rank.get(award[1], len(rank)), award[0]))
    return {
        award_id: Payable(ceiling_fen, None) if ceiling_fen == 0 or place == 0 else Payable(0, order[0][0])
        for place, (award_id, _, ceiling_fen) in enumerate(order)
    }


def with_payables(awards: Iterable[Award], rule_order: Sequence[str], grants: OtherGrants) -> list[Award]:
    """The awards with what G6 leaves payable, in competition with `grants`.

    Needs all awards of each subject and year that it is given.
    """
    groups: dict[tuple[str, int], list[Award]] = {}
    for award in awards:
        groups.setdefault((award.subject, award.year), []).append(award)
    settled = []
    for subject_year, group in groups.items():
        competing = [(award.award_id, award.rule, award.ceiling_fen) for award in group]
        competing += [(grant.name, OTHER_GRANT, grant.amount_fen) for grant in grants.get(subject_year, ())]
        found = payables(competing, rule_order)
        for award in group:
            payable_fen, suppressed_by = found[award.award_id]
            if (award.payable_fen, award.suppressed_by) == (payable_fen, suppressed_by):
                settled.append(award)
            else:
                settled.append(msgspec.structs.replace(award, payable_fen=payable_fen, suppressed_by=suppressed_by))
    return settled
