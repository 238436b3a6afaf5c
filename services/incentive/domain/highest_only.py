"""就高不重复 (G6): of all rewards of one subject in one year only the highest is payable. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

# What competes from other municipal policies. It is no rule of a policy file: of equal ones the file's come first.
OTHER_GRANT: Final = "other_grant"


class Payable(NamedTuple):
    """What is payable of an award, in fen, and the award that suppresses it (None: nothing does)."""

    payable_fen: int
    suppressed_by: str | None


def payables(awards: Sequence[tuple[str, str, int]], rule_order: Sequence[str]) -> dict[str, Payable]:
    """Payables of one subject and one year by award_id; `awards` are (award_id, rule, ceiling_fen).

    Equal ceilings: the rule that stands first in `rule_order` wins (a rule that is not in it comes after all),
    then the smaller award_id in code point order. A ceiling of 0 neither suppresses nor is suppressed.
    """
    rank = {rule: index for index, rule in enumerate(rule_order)}
    competing = [award for award in awards if award[2] > 0]
    winner = min(competing, key=lambda award: (-award[2], rank.get(award[1], len(rank)), award[0]), default=None)
    answer = {}
    for award_id, _, ceiling_fen in awards:
        if winner is None or ceiling_fen == 0 or award_id == winner[0]:
            answer[award_id] = Payable(ceiling_fen, None)
        else:
            answer[award_id] = Payable(0, winner[0])
    return answer
