"""The policy file: every number, every error with its line and field, the diff, and that values decide results."""

import hashlib
import re
from datetime import date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner

from services.incentive.cli.policy import policy_commands
from services.incentive.policy.diff import compare
from services.incentive.policy.loader import load_policy, read_policy
from services.incentive.policy.terms import Interval
from shared.settings import POLICY_FILE
from shared.values.times import SHANGHAI, parse_time
from shared.yaml_files.tree import YamlFileError
from tests.support.policy.revisions import REVISION, REVISION_LINE

TEXT = POLICY_FILE.read_text(encoding="utf-8")
POLICY = load_policy(POLICY_FILE)

# Each value as described in the policy, with its article or clause.
VALUES = {
    "id": ("-", "kunming-2025-14"),
    "revision": ("-", str(REVISION)),
    "document_no": ("-", "昆政发〔2025〕14号"),
    "issued": ("-", "2025-10-15"),
    "general.in_force.from": ("结尾第2段", "2025-10-15"),
    "general.in_force.until": ("结尾第2段", "2028-10-16"),
    "general.in_force.alternative.from": ("结尾第2段", "2025-10-15"),
    "general.in_force.alternative.until": ("结尾第2段", "2028-10-15"),
    "general.highest_only.same_matter": (
        "结尾第1段",
        "data_circulation_facility, public_data_scenario, ai_scenario, ai_model",
    ),
    "general.voucher_limits.together": ("(十四)", "compute_vouchers_a_year, compute_vouchers_overseas_a_year"),
    "general.budget.annual": ("结尾第1段", "100000000.00"),
    "general.second_person.above": ("(一)-(十七)", "20000000.00"),
    "general.public_notice.working_days": ("(一)-(十七)", "5"),
    "general.period_closing.day": ("(四) 3、(六) 2", "03-31"),
    "general.eligibility_day.accident_years": ("结尾第2段", "3"),
    "general.eligibility_day.expiring_days": ("结尾第2段", "30"),
    "rules": ("-", "first_listing, first_purchase, annual_listed_trading, exchange_tiers"),
    "rules.first_listing.kind": ("(四) 1", "first_listing"),
    "rules.first_listing.subject": ("(四) 1", "provider"),
    "rules.first_listing.earned": ("(四) 1", "once"),
    "rules.first_listing.amount": ("(四) 1", "20000.00"),
    "rules.first_purchase.kind": ("(四) 2", "first_purchase"),
    "rules.first_purchase.subject": ("(四) 2", "buyer"),
    "rules.first_purchase.earned": ("(四) 2", "once"),
    "rules.first_purchase.rate": ("(四) 2", "0.05"),
    "rules.first_purchase.cap": ("(四) 2", "200000.00"),
    "rules.annual_listed_trading.kind": ("(四) 3", "annual_listed_trading"),
    "rules.annual_listed_trading.subject": ("(四) 3", "provider"),
    "rules.annual_listed_trading.earned": ("(四) 3", "yearly"),
    "rules.annual_listed_trading.at_least": ("(四) 3", "10000000.00"),
    "rules.annual_listed_trading.rate": ("(四) 3", "0.02"),
    "rules.annual_listed_trading.cap": ("(四) 3", "500000.00"),
    "rules.exchange_tiers.kind": ("(六) 2", "exchange_tiers"),
    "rules.exchange_tiers.subject": ("(六) 2", "operator"),
    "rules.exchange_tiers.earned": ("(六) 2", "each_step_once"),
    "rules.exchange_tiers.tiers[0].over": ("(六) 2", "100000000.00"),
    "rules.exchange_tiers.tiers[0].amount": ("(六) 2", "1000000.00"),
    "rules.exchange_tiers.tiers[1].over": ("(六) 2", "500000000.00"),
    "rules.exchange_tiers.tiers[1].amount": ("(六) 2", "3000000.00"),
    "rules.exchange_tiers.tiers[2].over": ("(六) 2", "1000000000.00"),
    "rules.exchange_tiers.tiers[2].amount": ("(六) 2", "5000000.00"),
    "statements.authority": ("(一)-(十七)", "昆明市数据局"),
    "statements.prefix": ("(一)-(十七)", "昆数奖补"),
    "statements.contact": ("(一)-(十七)", "昆明市数据局奖补经办处室"),
    "statements.posts.publish": ("(一)-(十七)", "公示经办人"),
    "statements.posts.approve": ("(一)-(十七)", "核定人"),
    "statements.posts.reject": ("(一)-(十七)", "审核人"),
    "statements.posts.revoke": ("(一)-(十七)", "撤销核定人"),
    "statements.posts.notify_return": ("(一)-(十七)", "追缴告知经办人"),
    "statements.posts.return": ("(一)-(十七)", "追缴决定人"),
    "statements.remedies.administrative_review.name": ("(一)-(十七)", "行政复议"),
    "statements.remedies.administrative_review.to": ("(一)-(十七)", "昆明市人民政府"),
    "statements.remedies.administrative_review.days": ("(一)-(十七)", "60"),
    "statements.remedies.litigation.name": ("(一)-(十七)", "行政诉讼"),
    "statements.remedies.litigation.to": ("(一)-(十七)", "有管辖权的人民法院"),
    "statements.remedies.litigation.months": ("(一)-(十七)", "6"),
}
WORDS = re.compile(r".*(\.article|\.mark|\.reading|\.basis|\.zh|\.en)")

# Numbers of judgements (J) and of points based on other law (L), by clause or rule.
JUDGEMENTS = {
    ("G1", "L"): 1,
    ("G2", "J"): 1,
    ("G3", "J"): 1,
    ("G4", "J"): 1,
    ("G5", "J"): 1,
    ("G6", "J"): 4,
    ("G7", "J"): 4,
    ("G15", "J"): 1,
    ("G12", "J"): 1,
    ("G14", "J"): 1,
    ("G13", "J"): 1,
    ("G8", "J"): 2,
    ("G10", "J"): 1,
    ("G11", "J"): 4,
    ("细则5 / details 5", "J"): 1,
    ("细则6 / details 6", "J"): 1,
    ("first_listing", "J"): 3,
    ("first_purchase", "J"): 3,
    ("annual_listed_trading", "J"): 5,
    ("exchange_tiers", "L"): 1,
    ("exchange_tiers", "J"): 7,
    ("statements", "J"): 1,
    ("administrative_review", "L"): 1,
    ("litigation", "L"): 1,
}


def changed(old: str, new: str, count: int = 1) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, count)


def faults(text: str) -> list[str]:
    with pytest.raises(YamlFileError) as refused:
        read_policy(text.encode(), "p.yaml")
    return str(refused.value).splitlines()


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_every_figure_stands_there_with_its_article():
    values = [value for value in POLICY.values if not value.path.startswith(("declared.", "signs."))]
    found = {value.path: (value.article, value.value) for value in values if not WORDS.fullmatch(value.path)}
    assert found == VALUES


def test_values_are_those_that_rules_read():
    assert POLICY.in_force == Interval(date(2025, 10, 15), date(2028, 10, 16))
    assert POLICY.in_force_alternative == Interval(date(2025, 10, 15), date(2028, 10, 15))
    assert POLICY.cut_dates == (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))
    assert (POLICY.first_listing.amount_fen, POLICY.first_listing.article) == (2_000_000, "(四) 1")
    assert (POLICY.first_purchase.rate, POLICY.first_purchase.cap_fen) == (Decimal("0.05"), 20_000_000)
    annual = POLICY.annual_listed_trading
    assert (annual.at_least_fen, annual.rate, annual.cap_fen) == (1_000_000_000, Decimal("0.02"), 50_000_000)
    assert [(tier.over_fen, tier.amount_fen) for tier in POLICY.exchange_tiers.tiers] == [
        (10_000_000_000, 100_000_000),
        (50_000_000_000, 300_000_000),
        (100_000_000_000, 500_000_000),
    ]
    assert POLICY.budget_fen == 10_000_000_000
    driven = ("first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers")
    assert POLICY.rule_order == (*driven, *(terms.rule for terms in POLICY.declared.rules))
    assert POLICY.digest == hashlib.sha256(POLICY_FILE.read_bytes()).hexdigest()


def test_every_judgement_is_named_with_its_alternative():
    found: dict[tuple[str, str], int] = {}
    for reading in (one for one in POLICY.readings if one.alternative is not None):
        assert reading.says.zh
        assert reading.says.en
        assert reading.alternative is not None
        assert reading.alternative.zh
        assert reading.alternative.en
        assert reading.basis or reading.mark == "J"
        if not reading.path.startswith("declared."):
            found[reading.clause, reading.mark] = found.get((reading.clause, reading.mark), 0) + 1
    assert found == JUDGEMENTS
    assert all(reading.article != "-" for reading in POLICY.readings)


@pytest.mark.parametrize(
    ("instant", "within"),
    [
        ("2025-10-14T23:59:59.999999+08:00", False),
        ("2025-10-14T16:00:00Z", True),
        ("2028-10-15T23:59:59.999999+08:00", True),
        ("2028-10-15T16:00:00Z", False),
    ],
)
def test_in_force_is_half_open_in_shanghai(instant: str, within: bool):
    assert (parse_time(instant) in POLICY.in_force) is within


@pytest.mark.parametrize(
    ("year", "at"),
    [
        (2026, datetime(2027, 4, 1, tzinfo=SHANGHAI)),
        (2026, parse_time("2027-03-31T16:00:00Z")),
        (2027, datetime(2028, 4, 1, tzinfo=SHANGHAI)),
    ],
)
def test_a_year_closes_when_the_day_is_over_in_shanghai(year: int, at: datetime):
    assert POLICY.closes_at(year) == at


@pytest.mark.parametrize(
    ("old", "new", "member", "said"),
    [
        (REVISION_LINE, f"{REVISION_LINE}\n{REVISION_LINE}", "revision", "repeated"),
        (REVISION_LINE, 'revision: "2"', "revision", "whole number"),
        (REVISION_LINE, "revision: 0", "revision", "whole number"),
        (REVISION_LINE, "revision: 2.0", "revision", "whole number"),
        (REVISION_LINE, "revision: true", "revision", "whole number"),
        (REVISION_LINE, f"{REVISION_LINE}\nextra: 1", "extra", "unknown"),
        (REVISION_LINE, f"{REVISION_LINE}\n7: x", "?", "name must be text"),
        ("id: kunming-2025-14", "id: 202514", "id", "must be text"),
        ("id: kunming-2025-14", 'id: " "', "id", "must not be empty"),
        ("issued: 2025-10-15", "issued: 2025-02-30", "issued", "must be a day"),
        ("issued: 2025-10-15", "issued: 15.10.2025", "issued", "must be a day"),
        ("    from: 2025-10-15\n", "    from: 2025-10-14\n", "general.in_force.from", "before issued"),
        ("    until: 2028-10-16", "    until: 2025-10-15", "general.in_force.until", "after from"),
        ("    until: 2028-10-16", "    until: [2028-10-16]", "general.in_force.until", "must be a day"),
        ("      until: 2028-10-15", "      until: 2025-10-15", "general.in_force.alternative.until", "after from"),
        ("    annual: ", "    anual: ", "general.budget.anual", "unknown"),
        ('"100000000.00"', "100000000.00", "general.budget.annual", "must be text"),
        ('"100000000.00"', '"0.00"', "general.budget.annual", "over 0"),
        ('day: "03-31"', 'day: "02-29"', "general.period_closing.day", "day of every year"),
        ('day: "03-31"', 'day: "31 March"', "general.period_closing.day", "day of every year"),
        ("mark: L", "mark: Q", "general.in_force.mark", "computes T, L, J only"),
        ("mark: L", "mark: T", "general.in_force.alternative", "mark T has no other reading"),
        ("reading: whole_known_life", "reading: within_it", "general.first.reading", "this version computes"),
        ("    basis: 民法典第201、202条(类推) / Civil Code 201-202, by analogy\n", "", "general.in_force.basis", "law"),
        ("    clause: G2", "    clause: G3", "general.first.clause", "this version computes"),
        ("- rule: first_listing", "- rule: first_offer", "rules[0].rule", "this version computes"),
        ("- rule: first_purchase", "- rule: first_listing", "rules[1].rule", "repeated rule"),
        ("    subject: buyer", "    subject: provider", "rules[1].subject", "this version computes"),
        ("    earned: yearly", "    earned: once", "rules[2].earned", "this version computes"),
        ('rate: "0.05"', "rate: 0.05", "rules[1].rate", "must be text"),
        ('rate: "0.05"', 'rate: "5%"', "rules[1].rate", "over 0 up to 1"),
        ('rate: "0.05"', 'rate: "1.05"', "rules[1].rate", "over 0 up to 1"),
        ('rate: "0.05"', 'rate: "0.0"', "rules[1].rate", "over 0 up to 1"),
        ('cap: "200000.00"', 'cap: "-200000.00"', "rules[1].cap", "over 0"),
        ('cap: "200000.00"', 'cap: "200000.001"', "rules[1].cap", "over 0"),
        ('cap: "200000.00"', 'cap: "20万"', "rules[1].cap", "over 0"),
        ('cap: "200000.00"', "cap: {}", "rules[1].cap", "must be text"),
        ('    amount: "20000.00"\n', "", "rules[0].amount", "missing"),
        ('over: "500000000.00"', 'over: "100000000.00"', "rules[3].tiers[1].over", "more than"),
        ('amount: "3000000.00"', 'amount: "999999.99"', "rules[3].tiers[1].amount", "more than"),
        ("question: receiver", "question: reaching", "rules[2].readings[1].question", "repeated"),
        ("question: receiver", "question: reaching", "rules[2].readings", "question receiver is missing"),
        ("question: refund", "question: kinds", "rules[1].readings", "reading of the question refund is missing"),
        ("reading: provider_receives", "reading: at_least_means_ge", "rules[2].readings[0].reading", "no reading of"),
        (
            "reading: at_least_means_gt",
            "reading: at_least_means_ge",
            "rules[2].readings[1].alternative.reading",
            "another",
        ),
        (
            "reading: at_least_means_gt",
            "reading: over_means_gt",
            "rules[2].readings[1].alternative.reading",
            "computes",
        ),
        (
            "together: [compute_v",
            "together: [vouchers, compute_v",
            "general.voucher_limits.together[0]",
            "no such limit",
        ),
    ],
)
def test_a_fault_is_reported_with_line_and_member(old: str, new: str, member: str, said: str):
    text = changed(old, new)
    reported = [fault for fault in faults(text) if f": {member}: " in fault and said in fault]
    assert len(reported) == 1
    assert re.match(r"p\.yaml:[0-9]+: ", reported[0])


def test_the_line_is_where_the_fault_is():
    text = changed('cap: "200000.00"', "cap: 200000.00")
    assert faults(text)[0].startswith(f"p.yaml:{line_of(text, 'cap: 200000.00')}: rules[1].cap: ")


def test_all_faults_are_reported_at_once_in_order_of_lines():
    text = changed(REVISION_LINE, "revision: x").replace('rate: "0.05"', "rate: 0.05").replace("id: k", "idd: k")
    lines = [int(fault.split(":")[1]) for fault in faults(text)]
    assert len(lines) == 4
    assert lines == sorted(lines)


@pytest.mark.parametrize("member", ["id", "revision", "document_no", "title", "issued", "general", "rules"])
def test_a_missing_member_of_the_file_is_reported(member: str):
    lines = TEXT.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"{member}:"))
    end = start + 1
    while end < len(lines) and (not lines[end] or lines[end][0] in " -#"):
        end += 1
    assert any(
        f": {member}: " in fault and "missing" in fault for fault in faults("\n".join([*lines[:start], *lines[end:]]))
    )


def test_a_missing_rule_and_an_empty_list_are_reported():
    without = TEXT[: TEXT.index("  - rule: exchange_tiers")]
    assert any("rule exchange_tiers is missing" in fault for fault in faults(without))
    assert any(": rules: " in fault for fault in faults(TEXT[: TEXT.index("rules:\n")] + "rules: []\n"))
    assert any("rules[0]: " in fault for fault in faults(TEXT[: TEXT.index("rules:\n")] + "rules: [text]\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"id: [", "not YAML"),
        (b"[" * 2000, "nested too deeply"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
        (b"id: \xff\n", "not UTF-8"),
        (b"id: a\x00b\n", "not YAML"),
        (b"- a\n", "must be a mapping"),
        (b"text", "must be a mapping"),
        (b"id: !!python/object/apply:os.getcwd []\n", "must be text"),
    ],
)
def test_what_is_no_policy_file_is_refused(content: bytes, said: str):
    with pytest.raises(YamlFileError) as refused:
        read_policy(content, "p.yaml")
    assert said in str(refused.value)


def test_order_of_rules_is_the_file_s():
    start, end = TEXT.index("  - rule: first_listing"), TEXT.index("  - rule: first_purchase")
    last = TEXT.index("# What no event drives")
    moved = TEXT[:start] + TEXT[end:last] + TEXT[start:end] + TEXT[last:]
    policy = read_policy(moved.encode(), "p.yaml")
    assert policy.rule_order[:4] == ("first_purchase", "annual_listed_trading", "exchange_tiers", "first_listing")
    changes = compare(POLICY, policy)
    assert [change.path for change in changes] == ["rules"]
    assert changes[0].years == (2025, 2026, 2027, 2028)


ALL_YEARS = (2025, 2026, 2027, 2028)
IN_FORCE = "general.in_force"
PROVIDER = "rules.annual_listed_trading.readings.receiver"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('rate: "0.05"', 'rate: "0.06"', ("rules.first_purchase.rate", "(四) 2", POLICY.in_force, ALL_YEARS)),
        (
            "    until: 2028-10-16",
            "    until: 2029-01-02",
            (f"{IN_FORCE}.until", "结尾第2段", Interval(date(2028, 10, 16), date(2029, 1, 2)), (2028, 2029)),
        ),
        (
            "    from: 2025-10-15",
            "    from: 2026-01-01",
            (f"{IN_FORCE}.from", "结尾第2段", Interval(date(2025, 10, 15), date(2026, 1, 1)), ALL_YEARS),
        ),
        (
            "      until: 2028-10-15",
            "      until: 2028-10-14",
            (f"{IN_FORCE}.alternative.until", "结尾第2段", Interval(date(2028, 10, 14), date(2028, 10, 15)), (2028,)),
        ),
        (REVISION_LINE, f"revision: {REVISION + 1}", ("revision", "-", None, ())),
        ("en: the provider is", "en: it is the provider who is", (f"{PROVIDER}.says.en", "(四) 3", None, ())),
    ],
)
def test_diff_says_what_changes_and_which_periods(old, new, expected):
    (change,) = compare(POLICY, read_policy(changed(old, new).encode(), "p.yaml"))
    assert (change.path, change.article, change.period, change.years) == expected
    assert change.before != change.after


def test_diff_of_a_tier_more_and_of_the_same_file():
    more = changed(
        '      - {over: "1000000000.00", amount: "5000000.00"}\n',
        '      - {over: "1000000000.00", amount: "5000000.00"}\n'
        '      - {over: "2000000000.00", amount: "8000000.00"}\n',
    )
    changes = compare(POLICY, read_policy(more.encode(), "p.yaml"))
    assert [(change.path, change.before, change.after) for change in changes] == [
        ("rules.exchange_tiers.tiers[3].over", None, "2000000000.00"),
        ("rules.exchange_tiers.tiers[3].amount", None, "8000000.00"),
    ]
    assert compare(POLICY, POLICY) == []


@pytest.mark.parametrize(
    ("lang", "period", "rule"),
    [
        ("en_US.UTF-8", "2025-10-15 to 2028-10-15 inclusive", "(十四) compute_voucher compute voucher (declared)"),
        ("zh_CN.UTF-8", "2025-10-15 至 2028-10-15（含）", "(十四) compute_voucher 算力券（申报）"),
    ],
)
def test_check_command_shows_the_content_of_the_file(lang, period, rule):
    result = CliRunner(env={"LANG": lang}).invoke(policy_commands, ["check", str(POLICY_FILE)])
    assert result.exit_code == 0
    assert f"kunming-2025-14 revision {REVISION}" in result.output
    assert period in result.output
    assert rule in result.output
    for value in ("20000.00", "0.05", "200000.00", "10000000.00", "0.02", "500000.00", "5000000.00", "[J]", "[L]"):
        assert value in result.output


def test_check_command_shows_every_fault_and_fails(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(changed('rate: "0.05"', "rate: 0.05").replace(REVISION_LINE, "revision: x"), encoding="utf-8")
    result = CliRunner().invoke(policy_commands, ["check", str(file)])
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.output.splitlines()] == ["revision", "rules[1].rate"]
    assert CliRunner().invoke(policy_commands, ["check", str(tmp_path / "none.yaml")]).exit_code == 2


def test_diff_command(tmp_path):
    file = tmp_path / "new.yaml"
    file.write_text(changed('cap: "200000.00"', 'cap: "300000.00"'), encoding="utf-8")
    result = CliRunner().invoke(policy_commands, ["diff", str(POLICY_FILE), str(file)])
    assert result.exit_code == 0
    assert "rules.first_purchase.cap [(四) 2]: 200000.00 -> 300000.00" in result.output
    assert "2025, 2026, 2027, 2028" in result.output
    more = (
        "    - {rule: data_festival, article: (十八), name: {zh: 数据节, en: festival}, subject: entity, earned: once,"
    )
    more += ' per: item, amount: "1.00"}\n'
    file.write_text(changed('cap: "200000.00"', 'cap: "300000.00"').replace("en: the provider is", "en: it is") + more)
    lines = CliRunner().invoke(policy_commands, ["diff", str(POLICY_FILE), str(file)]).output.splitlines()
    headings = [line for line in lines if not line.startswith(" ")]
    assert headings == [
        "(四) 2 first_purchase first purchase",
        "(四) 3 annual_listed_trading annual listed trading",
        "order of declared rules",
        "(十八) data_festival festival (new)",
    ]
    assert sum("wording only" in line for line in lines) == 2
    same = CliRunner().invoke(policy_commands, ["diff", str(POLICY_FILE), str(POLICY_FILE)])
    assert "no difference" in same.output
