"""Section `declared` of the policy file: every article as in the policy's text, and strict parsing."""

import re
from decimal import Decimal

import pytest

from services.incentive.policy.loader import load_policy, read_policy
from services.incentive.policy.terms import AtRate, DeclaredTerms, Fixed, Grades, Steps
from shared.settings import POLICY_FILE
from shared.yaml_files.tree import YamlFileError

TEXT = POLICY_FILE.read_text(encoding="utf-8")
POLICY = load_policy(POLICY_FILE)
DECLARED = POLICY.declared
WAN, YI = 10_000 * 100, 100_000_000 * 100  # fen

PRIZES_OF_THE_NATION = "national_first 10, national_second 8, national_third 5"
# Rules in order of articles, with amount, way of earning, limits and pool; amounts in 万元.
ARTICLES = {
    ("(一)", "computing_centre"): ("1000 at_most 1.25", "once item", "", ""),
    ("(二)", "data_circulation_facility"): ("500", "once item", "", ""),
    ("(三)", "international_communications"): ("", "recorded item", "", ""),
    ("(四) 4", "data_assets"): ("20", "first subject", "", ""),
    ("(五)", "data_services"): ("50", "once item", "50 subject_year", ""),
    ("(六) 1", "mutual_recognition"): ("20", "once subject", "", ""),
    ("(七)", "standards"): (
        "international_led 30, international_took_part 10, national_led 20, industry_led 10",
        "once item",
        "50 subject_year",
        "",
    ),
    ("(八)", "outbound_transfer"): ("10", "first subject", "", ""),
    ("(九)", "contest"): (
        f"provincial_first 5, provincial_second 3, provincial_third 2, {PRIZES_OF_THE_NATION}",
        "once item",
        "",
        "",
    ),
    ("(十)", "public_data_scenario"): ("20", "once item", "", ""),
    ("(十一)", "ai_scenario"): ("100", "once item", "", ""),
    ("(十一)", "ai_model"): ("20", "once item", "50 subject", ""),
    ("(十二)", "startup_park"): ("50", "once subject", "", ""),
    ("(十三)", "revenue_growth"): ("1亿 20, 5亿 30, 10亿 50, 50亿 100, 100亿 200", "by_difference subject", "", ""),
    ("(十四)", "compute_voucher"): ("0.30 at_least 1", "once item", "30 subject_year", "1000"),
    ("(十四)", "compute_voucher_overseas"): ("0.30 at_least 1", "once item", "50 subject_year", "1000"),
    ("(十五)", "loan_interest"): ("0.02 years 3", "yearly item", "200 subject", ""),
    ("(十六)", "cluster_recognition"): ("city 50, province 100, nation 200", "by_difference item", "500 item", ""),
    ("(十六)", "cluster_revenue"): ("200亿 100, 300亿 200, 500亿 400", "by_difference item", "500 item", ""),
    ("(十七)", "talent_plans"): ("", "recorded item", "", ""),
    ("(十七)", "joint_training"): ("", "recorded item", "", ""),
    ("(十七)", "talent_project"): ("50", "once item", "", ""),
    ("(十七)", "talent_flexible_post"): ("10", "once item", "", ""),
    ("(十七)", "talent_living_allowance"): ("5", "once item", "", ""),
}
NUMBERS = "一二三四五六七八九"


def worth(terms: DeclaredTerms) -> str:
    match terms.amount:
        case Fixed(amount_fen, at_most):
            return f"{amount_fen // WAN}" + (f" at_most {at_most}" if at_most else "")
        case Grades(grades):
            return ", ".join(f"{grade.grade} {grade.amount_fen // WAN}" for grade in grades)
        case Steps(steps):
            return ", ".join(f"{step.at_least_fen // YI}亿 {step.amount_fen // WAN}" for step in steps)
        case AtRate(rate, at_least_fen):
            years = f" years {terms.years}" if terms.years else ""
            return f"{rate}" + (f" at_least {at_least_fen // WAN}" if at_least_fen else "") + years
    return ""


def test_every_article_stands_there_as_the_policy_has_it():
    found = {
        (terms.article, terms.rule): (
            worth(terms),
            f"{terms.earned} {terms.per}",
            ", ".join(f"{limit.most_fen // WAN} {limit.per}" for limit in terms.limits),
            "" if terms.pool is None else f"{terms.pool.annual_fen // WAN}",
        )
        for terms in DECLARED.rules
    }
    assert found == ARTICLES
    assert {terms.rule for terms in DECLARED.rules if terms.subject == "operator"} == {"mutual_recognition"}
    assert {terms.measure.name for terms in DECLARED.rules if terms.measure} == {
        "pue", "role", "prize", "revenue", "settled", "loan", "level",
    }  # fmt: skip
    articles = {terms.article.split()[0] for terms in (*POLICY.rules, *DECLARED.rules)}
    assert articles == {f"({number})" for number in [*NUMBERS, "十", *(f"十{unit}" for unit in NUMBERS[:7])]}


def test_both_vouchers_share_one_pool_and_both_rewards_of_a_cluster_one_limit():
    voucher, overseas = DECLARED.find("compute_voucher"), DECLARED.find("compute_voucher_overseas")
    assert voucher is not None
    assert overseas is not None
    assert voucher.pool == overseas.pool == DECLARED.pools[0]
    recognition, revenue = DECLARED.find("cluster_recognition"), DECLARED.find("cluster_revenue")
    assert recognition is not None
    assert revenue is not None
    assert recognition.limits == revenue.limits


def test_every_judgement_has_its_alternative():
    readings = [reading for reading in POLICY.readings if reading.path.startswith("declared.")]
    assert len(readings) == 18
    assert all(reading.alternative and reading.says.zh and reading.article != "" for reading in readings)
    assert {reading.mark for reading in readings} == {"J"}


def test_a_file_without_the_section_has_no_declared_rewards():
    policy = read_policy(TEXT[: TEXT.index("declared:\n")].encode(), "p.yaml")
    assert policy.declared.rules == ()
    assert policy.rule_order == tuple(terms.rule for terms in POLICY.rules)


RULE = "declared.rules"
PUE = "      measure: {name: pue, zh: 电能利用效率, en: power usage effectiveness}\n"
FACILITY = '      amount: "5000000.00"\n'
BY_DIFFERENCE = "      earned: by_difference\n      per: item\n"
PROVINCE = 'en: by the province, amount: "1000000.00"'
VOUCHERS = "      pool: compute_vouchers\n      readings"
FAULTS = [
    ('at_most: "1.25"', 'at_most: "low"', "[0].at_most", "must be a decimal"),
    ('      at_most: "1.25"\n', "", "[0].measure", "nothing is measured"),
    (PUE, "", "[0].measure", "needs a measure"),
    ('      amount: "10000000.00"\n', "", "[0].amount", "exactly one of"),
    (FACILITY, "      amount: 5000000\n", "[1].amount", "must be text"),
    (FACILITY, FACILITY + '      rate: "0.1"\n', "[1].amount", "exactly one of"),
    (FACILITY, FACILITY + "      years: 3\n", "[1].years", "no meaning"),
    ("earned: recorded", "earned: once", "[2].amount", "exactly one of"),
    (BY_DIFFERENCE, BY_DIFFERENCE.replace("by_difference", "yearly"), "[17].earned", "once, first, by_difference only"),
    (BY_DIFFERENCE, BY_DIFFERENCE.replace("by_difference", "once"), "[17].readings", "is not what earned says"),
    ("reading: rate_for_each_year", "reading: each_year", "[16].earned", "missing"),
    ("earned: recorded", "earned: sometimes", "[2].earned", "this version computes"),
    ("- rule: data_circulation_facility", "- rule: computing_centre", "[1].rule", "repeated rule"),
    ("- rule: data_circulation_facility", "- rule: first_listing", "[1].rule", "repeated rule"),
    ("- rule: data_circulation_facility", "- rule: Facility", "[1].rule", "must match"),
    ("limits: [standards_a_year]", "limits: [standards]", "[6].limits[0]", "no such limit"),
    (VOUCHERS, VOUCHERS.replace("compute_", ""), "[14].pool", "no such pool"),
    (PROVINCE, PROVINCE.replace("1000000", "400000"), "[17].amounts[1].amount", "more than"),
    ('at_least: "30000000000.00"', 'at_least: "10000000000.00"', "[18].steps[1].at_least", "more than"),
    ("grade: national_led", "grade: international_led", "[6].amounts[2].grade", "repeated name"),
    ("      years: 3\n", "", "[16].readings", "is not what years says"),
    ("question: frequency", "question: years", "[16].readings[1].question", "repeated"),
    ("reading: rate_once", "reading: any_years_with_a_reward", "[16].readings[0].alternative.reading", "no reading of"),
    (
        "      earned: once\n      measure: {name: pue",
        "      earned: once\n      per: subject\n      measure: {name: pue",
        "[0].readings",
        "is not what per says",
    ),
    ("limits: [standards_a_year]", "limits: []", "declared.limits", "names the limit standards_a_year"),
    ("per: subject_year", "per: year", "declared.limits[0].per", "this version computes"),
    ("- limit: ai_models", "- limit: standards_a_year", "declared.limits[2].limit", "repeated name"),
    ("question: order_of_limits", "question: day", "declared.readings", "is missing"),
    ("limits_used_in_order_of_days", "in_any_order", "declared.readings[0].reading", "this version computes"),
    ("declared:\n", "declared:\n  notes: []\n", "declared.notes", "unknown"),
]


@pytest.mark.parametrize(("old", "new", "member", "said"), FAULTS)
def test_a_fault_is_reported_with_line_and_member(old: str, new: str, member: str, said: str):
    assert old in TEXT
    with pytest.raises(YamlFileError) as refused:
        read_policy(TEXT.replace(old, new, 1).encode(), "p.yaml")
    where = f": {RULE if member.startswith('[') else ''}{member}: "
    reported = [fault for fault in str(refused.value).splitlines() if where in fault and said in fault]
    assert len(reported) == 1, str(refused.value)
    assert re.match(r"p\.yaml:[0-9]+: ", reported[0])


def test_a_further_reward_needs_no_code():
    more = """
    - rule: data_festival
      article: (十八)
      name: {zh: 数据节, en: data festival}
      subject: entity
      earned: yearly
      per: subject
      measure: {name: cost, zh: 支出, en: cost}
      rate: "0.5"
"""
    policy = read_policy((TEXT + more).encode(), "p.yaml")
    terms = policy.declared.find("data_festival")
    assert terms is not None
    assert terms.amount == AtRate(Decimal("0.5"), None)
    assert policy.rule_order[-1] == "data_festival"
    assert policy.terms("data_festival") is terms
