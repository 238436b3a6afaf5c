"""The state of an award as pages show it: what was returned is never shown as paid alone."""

import pytest

from services.incentive.pages.words import award_states


def shown(state: str, approved: str | None, returned: str | None, recovered: str | None) -> list[str]:
    award = {"state": state, "approved": approved, "returned": returned, "recovered": recovered}
    return [label.en for _, label in award_states(award)]


@pytest.mark.parametrize(
    ("award", "expected"),
    [
        (("paid", "500000.00", "0.00", "0.00"), ["Paid"]),
        (("paid", "500000.00", "100000.00", "100000.00"), ["Paid", "Partly returned"]),
        (("paid", "500000.00", "100000.00", "0.00"), ["Paid", "Partly returned", "To be recovered"]),
        (("returned", "500000.00", "500000.00", "0.00"), ["Wholly returned", "To be recovered"]),
        # An earlier version left the state as it was.
        (("paid", "500000.00", "500000.00", "500000.00"), ["Wholly returned"]),
        (("applied", "500000.00", "500000.00", "500000.00"), ["Applied", "Wholly returned"]),
        (("returned", "0.00", "0.00", "0.00"), ["Revoked or returned"]),
        (("estimated", "0.00", "0.00", "0.00"), ["Estimated"]),
        # Partly visible.
        (("paid", None, None, None), ["Paid"]),
    ],
)
def test_what_was_returned_is_shown_with_the_state(award: tuple[str, str, str, str], expected: list[str]) -> None:
    assert shown(*award) == expected
