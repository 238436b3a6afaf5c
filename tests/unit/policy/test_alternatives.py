"""The policy under an alternative reading, where the file gives the values of the alternative."""

from __future__ import annotations

import msgspec
import pytest

from services.incentive.commands.what_if import what_if
from services.incentive.domain.entitlements import known_facts
from services.incentive.domain.facts import parse_fact
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.policy.diff import compare
from services.incentive.policy.loader import load_policy, read_policy, with_ids
from shared.settings import POLICY_FILE
from shared.yaml_files.tree import YamlFileError
from tests.support.incentive.ledger import first_listing, rulebook, subject
from tests.support.incentive.readings import policy_with
from tests.support.paths import TESTS

G1 = "general.in_force"
BY_NAME = {  # readings whose alternative is another name: the field that the name chooses, and the alternative
    "general.rounding": ("rounding", "half_up_to_the_fen"),
    "general.highest_only": ("highest_only", "all_compete"),
    "general.highest_only_scope": ("highest_only_scope", "whole_life"),
    "general.allowance": ("allowance", "employers"),
    "general.other_grants": ("other_grants", "all_of_year"),
    "general.limits": ("limits_cut", "ceilings"),
    "general.voucher_limits": ("voucher_limits", "together"),
    "general.operators_ladder": ("operators_ladder", "exchange"),
    "general.steps": ("steps", "payables"),
    "general.open_years": ("open_years", "not_held"),
    "general.items": ("items", "each_subject"),
    "general.budget": ("budget_counts", "year_of_approval"),
    "general.budget_order": ("budget_order", "order_of_earning"),
    "general.recovered_money": ("recovered_money", "frees_room"),
    "general.second_person": ("second_person", "no_second_person"),
    "general.public_notice": ("public_notice", "day_of_posting_not_counted"),
    "general.eligibility_day": ("eligibility_day", "day_earned"),
}
RULES = {  # questions of rules: the reading in force, and its alternative
    "rules.annual_listed_trading": {
        "reaching": ("at_least_means_ge", "at_least_means_gt"),
        "matching": ("listing_of_the_same_provider_before_the_trade", "mode_as_the_exchange_states"),
        "part_years": ("part_of_the_year_in_force", "whole_calendar_year"),
    },
    "rules.exchange_tiers": {
        "exceeding": ("over_means_gt", "over_means_ge"),
        "passing": ("passed_by_a_trade_in_force_and_never_before", "total_in_force_alone"),
        "deduction": ("less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too"),
        "delisting": ("operator_within_the_listing", "operator_of_the_last_listed_day"),
        "succession": ("steps_of_the_exchange", "steps_of_the_operator"),
    },
    "declared.rules.computing_centre": {"per": ("once_for_each_item", "once_for_each_subject")},
    "declared.rules.data_assets": {
        "per": ("once_for_each_subject", "once_for_each_item"),
        "firsts": ("first_over_the_whole_life", "once_under_this_policy"),
    },
    "declared.rules.data_services": {"assessments": ("within_a_limit_of_the_year", "once_for_each_provider")},
    "declared.rules.mutual_recognition": {"per": ("once_for_each_subject", "once_for_each_item")},
    "declared.rules.outbound_transfer": {
        "per": ("once_for_each_subject", "once_for_each_item"),
        "firsts": ("first_over_the_whole_life", "once_under_this_policy"),
    },
    "declared.rules.startup_park": {
        "per": ("once_for_each_subject", "once_for_each_item"),
        "firsts": ("once_under_this_policy", "first_over_the_whole_life"),
    },
    "declared.rules.revenue_growth": {
        "history": ("less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too")
    },
    "declared.rules.compute_voucher": {"minimum": ("minimum_before_limits", "minimum_after_limits")},
    "declared.rules.compute_voucher_overseas": {"minimum": ("minimum_before_limits", "minimum_after_limits")},
    "declared.rules.loan_interest": {
        "frequency": ("rate_for_each_year", "rate_once"),
        "years": ("calendar_years_from_the_first", "any_years_with_a_reward"),
    },
    "declared.rules.cluster_recognition": {
        "history": ("less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too")
    },
    "declared.rules.cluster_revenue": {
        "history": ("less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too")
    },
}
OF_RULES = {f"{rule}.readings.{question}": both for rule, own in RULES.items() for question, both in own.items()}
SOURCE = POLICY_FILE.read_text("utf-8")
POLICY = read_policy(SOURCE.encode(), "policy")


def test_the_periods_of_g1_change_places_and_nothing_else_does() -> None:
    assert [reading.path for reading in POLICY.computable_readings] == [G1, *BY_NAME, *OF_RULES]
    other = POLICY.with_alternative(G1)
    assert other is not None
    assert (other.in_force, other.in_force_alternative) == (POLICY.in_force_alternative, POLICY.in_force)
    assert other.cut_dates == POLICY.cut_dates  # so that the ledger's totals remain usable
    assert {change.path: (change.before, change.after) for change in compare(POLICY, other)} == {
        f"{G1}.until": ("2028-10-16", "2028-10-15"),
        f"{G1}.alternative.until": ("2028-10-15", "2028-10-16"),
    }
    assert other.with_alternative(G1) == POLICY


@pytest.mark.parametrize("path", BY_NAME)
def test_a_reading_by_name_changes_places_with_its_alternative_and_nothing_else_does(path: str) -> None:
    field, alternative = BY_NAME[path]
    other = POLICY.with_alternative(path)
    assert other is not None
    changed = {name for name in POLICY.__struct_fields__ if getattr(POLICY, name) != getattr(other, name)}
    assert changed == {field, "values"}
    assert getattr(other, field) == alternative
    assert [change.path for change in compare(POLICY, other)] == [f"{path}.reading", f"{path}.alternative.reading"]
    assert other.with_alternative(path) == POLICY


@pytest.mark.parametrize("path", OF_RULES)
def test_a_reading_of_a_rule_changes_places_with_its_alternative_and_the_rest_stays(path: str) -> None:
    ours, theirs = OF_RULES[path]
    owner, _, question = path.partition(".readings.")
    rule = owner.rpartition(".")[2]
    other = POLICY.with_alternative(path)
    assert other is not None
    assert (POLICY.terms(rule).reading(question), other.terms(rule).reading(question)) == (ours, theirs)
    assert [change.path for change in compare(POLICY, other)] == [f"{path}.reading", f"{path}.alternative.reading"]
    assert other.with_alternative(path) == POLICY
    file = policy_with(((f"{rule}/{question}", theirs),))
    assert compare(file, other) == []
    assert (file.rules, file.declared) == (other.rules, other.declared)
    named = {one.rule: one for one in other.rules}
    assert named == {str(one): getattr(other, one) for one in named}


def test_a_reading_is_not_its_own_alternative() -> None:
    text = SOURCE.replace("reading: all_compete", "reading: kinds_compete", 1)
    with pytest.raises(YamlFileError, match="must be another reading"):
        read_policy(text.encode(), "p.yaml")


def test_another_reading_of_the_file_can_be_chosen_by_its_name() -> None:
    path = "general.highest_only"
    (other,) = next(one.others for one in POLICY.readings if one.path == path)
    chosen = POLICY.with_reading(path, other.reading)
    assert chosen is not None
    assert chosen.highest_only == other.reading == "same_matter"
    assert [change.path for change in compare(POLICY, chosen)] == [f"{path}.reading", f"{path}.others[0].reading"]
    assert POLICY.with_reading(path, "all_compete") == POLICY.with_alternative(path)
    assert chosen.with_reading(path, "kinds_compete") == POLICY
    assert POLICY.with_reading(path, "kinds_compete") is POLICY.with_reading("general.first", "x") is None


@pytest.mark.parametrize("repeated", ["kinds_compete", "all_compete"])
def test_a_further_reading_is_not_named_before(repeated: str) -> None:
    text = SOURCE.replace("- reading: same_matter", f"- reading: {repeated}", 1)
    with pytest.raises(YamlFileError, match=r"others\[0\]\.reading: .* must be another reading"):
        read_policy(text.encode(), "p.yaml")


def test_what_can_be_computed_needs_no_data() -> None:
    text = SOURCE.replace("    others:\n", "    needs: {zh: 数据, en: data}\n    others:\n", 1)
    with pytest.raises(YamlFileError, match="the alternative can be computed"):
        read_policy(text.encode(), "p.yaml")


def test_a_reading_is_computable_or_says_what_it_needs() -> None:
    computable = {reading.path for reading in POLICY.computable_readings}
    for reading in POLICY.readings:
        if reading.mark != "T":
            assert (reading.path in computable) != (reading.needs is not None), reading.path


def test_rules_of_one_limit_are_of_one_kind() -> None:
    text = SOURCE.replace("limits: [compute_vouchers_overseas_a_year]", "limits: [ai_models]").replace(
        "kind: clusters", "kind: x"
    )
    with pytest.raises(YamlFileError, match="one limit is of one kind"):
        read_policy(text.encode(), "p.yaml")


def test_revision_1_is_read_as_it_was_computed() -> None:
    first = load_policy(TESTS / "support" / "policy" / "kunming-2025-14.r1.yaml")
    assert (first.highest_only, first.other_grants, first.limits_cut) == ("all_compete", "highest", "ceilings")
    assert first.operators_ladder == "approvals"
    assert (first.rounding, first.highest_only_scope) == ("down_to_the_fen_once_at_the_end", "year")
    assert (first.steps, first.open_years, first.recovered_money) == ("ceilings", "not_held", "frees_room")
    assert (first.eligibility_day, first.accident_years, first.expiring_days) == ("present", 3, 30)
    assert (first.allowance, first.voucher_limits) == ("persons", "side_by_side")
    assert (first.budget_counts, first.budget_order) == ("year_of_the_reward", "order_of_approval")
    assert (first.public_notice, first.notice_working_days) == ("first_and_last_day_included", 0)
    assert {first.kind_of(rule) for rule in first.rule_order} == set(first.rule_order)
    changed = {change.path: (change.before, change.after) for change in compare(first, POLICY)}
    assert changed["general.highest_only.reading"] == ("one_subject_one_year_all_rewards", "kinds_compete")
    assert changed["general.limits.reading"] == (None, "payables")
    assert changed["declared.rules.talent_living_allowance.kind"] == (None, "none")


def test_revision_2_is_read_as_it_was_computed() -> None:
    """What a later revision adds applies to a ledger by revision 2 in the way that applied before."""
    second = load_policy(TESTS / "support" / "policy" / "kunming-2025-14.r2.yaml")
    now = {reading.path: reading.reading for reading in POLICY.readings}
    then = {reading.path: reading.reading for reading in second.readings}
    assert then.pop("general.eligibility_day") == "day_of_application"
    assert then.pop("general.budget_order") == second.budget_order == "order_of_approval"
    assert then.items() <= now.items()
    assert (second.eligibility_day, second.accident_years, second.expiring_days) == ("present", 3, 30)
    assert set(second.alternatives) <= set(POLICY.alternatives)
    assert [(rule, second.kind_of(rule)) for rule in second.rule_order] == [
        (rule, POLICY.kind_of(rule)) for rule in POLICY.rule_order
    ]


def test_revision_3_has_no_assessed_amounts() -> None:
    third = load_policy(TESTS / "support" / "policy" / "kunming-2025-14.r3.yaml")
    assert {terms.assessed for terms in third.declared.rules} == {None}
    changes = [change for change in compare(third, POLICY) if change.path.endswith(".assessed")]
    assert {(change.before, change.after) for change in changes} == {(None, "needed"), (None, "possible")}
    needed = [change.path.split(".")[2] for change in changes if change.after == "needed"]
    assert needed == ["computing_centre", "data_services"]


def test_a_second_person_confirms_tables_since_revision_4_alone() -> None:
    for revision in (1, 2, 3):
        earlier = load_policy(TESTS / "support" / "policy" / f"kunming-2025-14.r{revision}.yaml")
        assert (earlier.second_person, earlier.confirmed_above_fen) == ("no_second_person", None)
    assert POLICY.confirmed_above_fen == 2_000_000_000
    without = POLICY.with_alternative("general.second_person")
    assert without is not None
    assert without.confirmed_above_fen is None


def test_it_is_what_the_file_with_these_values_would_be() -> None:
    swapped = SOURCE.replace("until: 2028-10-16", "until: x", 1)
    swapped = swapped.replace("until: 2028-10-15", "until: 2028-10-16", 1).replace("until: x", "until: 2028-10-15", 1)
    other = POLICY.with_alternative(G1)
    assert other is not None
    assert compare(read_policy(swapped.encode(), "swapped"), other) == []


def test_a_reading_in_words_alone_cannot_be_tried() -> None:
    in_words = [reading.path for reading in POLICY.readings if reading.path not in (G1, *BY_NAME, *OF_RULES)]
    assert in_words
    for path in (*in_words, "", "rules"):
        assert POLICY.with_alternative(path) is None
    same = read_policy(SOURCE.replace("until: 2028-10-15", "until: 2028-10-16", 1).encode(), "same")
    assert [reading.path for reading in same.computable_readings] == [*BY_NAME, *OF_RULES]
    assert same.with_alternative(G1) is None


def test_what_is_of_the_last_day_is_no_longer_earned() -> None:
    last_day, day_before = (
        (subject(number), known_facts([(1, parse_fact(record.topic, record.key.decode(), record.value))]))
        for number, day in ((1, "2028-10-15"), (2, "2028-10-14"))
        for record in [first_listing(number, day, seq=1)]
    )
    other = POLICY.with_alternative(G1)
    assert other is not None
    found = what_if([last_day, day_before], rulebook(), other, PayableInputs())
    assert {case.award_id: (case.before.payable_fen, case.after.payable_fen) for case in found.cases} == {
        f"first_listing/{subject(1)}": (2_000_000, 0),
        f"first_listing/{subject(2)}": (2_000_000, 2_000_000),
    }
    assert [(one.year, one.before_fen, one.after_fen) for one in found.years] == [(2028, 4_000_000, 2_000_000)]


def test_each_reading_has_an_id_of_its_own() -> None:
    ids = [reading.id for reading in POLICY.readings]
    assert len(set(ids)) == len(ids)
    named = {reading.path: reading.id for reading in POLICY.readings}
    assert named["general.highest_only"] == f"G6/{POLICY.highest_only}"
    assert all(
        reading.id == f"{reading.clause}/{reading.reading}" for reading in POLICY.readings if "/" not in reading.clause
    )
    further = [f"{reading.id}:{other.reading}" for reading in POLICY.readings for other in reading.others]
    assert list(POLICY.alternatives) == [*(reading.id for reading in POLICY.computable_readings), *further]
    assert all(policy is not None and policy != POLICY for policy in POLICY.alternatives.values())


def test_readings_of_one_clause_with_one_name_are_told_apart_by_their_sections() -> None:
    ours = POLICY.readings
    alike = [msgspec.structs.replace(one, clause="G6", reading="same_matter") for one in ours[:2]]
    assert [one.id for one in with_ids([*alike, ours[2]])] == [
        "G6/in_force/same_matter",
        "G6/first/same_matter",
        ours[2].id,
    ]


def test_what_the_text_says_needs_no_data() -> None:
    start, _, rest = SOURCE.partition("  attribution:\n")
    first, _, after = rest.partition("    alternative:\n")
    without = after.split("\n", 2)[2]
    assert without.startswith("    needs:")
    with pytest.raises(YamlFileError, match="no other reading that needs data"):
        read_policy(f"{start}  attribution:\n{first.replace('mark: J', 'mark: T')}{without}".encode(), "p.yaml")
