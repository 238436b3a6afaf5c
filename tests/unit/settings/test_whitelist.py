from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.values.parties import complete_uscc
from shared.whitelist import Whitelist, WhitelistError, load_whitelist

ONE, TWO = complete_uscc("91530100MA6KAAAA1"), complete_uscc("91530100MA6KAAAA2")
GOOD = f"""\
- id: kmdex
  name: 虚构交易所
  from: 2024-01-01
  until: null
  approved_by: fictional order 1
  operators:
    - {{uscc: {TWO}, name: Second, from: 2026-07-01, until: null}}
    - {{uscc: {ONE}, name: First, from: 2024-01-01, until: 2026-07-01}}
- {{id: dcdex, name: Other, from: "2025-06-01", until: "2026-06-01", approved_by: fictional order 2, operators: []}}
"""


def load(tmp_path: Path, text: str) -> Whitelist:
    path = tmp_path / "exchanges.yaml"
    path.write_text(text, encoding="utf-8")
    return load_whitelist(path)


def test_ids_are_in_code_point_order(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).ids == ("dcdex", "kmdex")


def test_an_exchange_counts_within_its_days_in_shanghai(tmp_path: Path) -> None:
    exchanges = load(tmp_path, GOOD)
    assert exchanges.counts("dcdex", datetime(2025, 5, 31, 16, tzinfo=UTC))
    assert not exchanges.counts("dcdex", datetime(2025, 5, 31, 15, 59, 59, 999_999, tzinfo=UTC))
    assert exchanges.counts("dcdex", datetime(2026, 5, 31, 15, 59, 59, 999_999, tzinfo=UTC))
    assert not exchanges.counts("dcdex", datetime(2026, 5, 31, 16, tzinfo=UTC))
    assert exchanges.counts("kmdex", datetime(2099, 1, 1, tzinfo=UTC))
    assert not exchanges.counts("nobody", datetime(2026, 1, 1, tzinfo=UTC))


def test_the_operator_is_the_one_of_the_day(tmp_path: Path) -> None:
    exchanges = load(tmp_path, GOOD)
    names = {day: getattr(exchanges.operator_on("kmdex", day), "name", None) for day in DAYS}
    assert names == dict(zip(DAYS, [None, "First", "First", "Second"], strict=True))
    assert exchanges.operator_on("dcdex", date(2025, 7, 1)) is None
    assert exchanges.operator_on("nobody", date(2025, 7, 1)) is None


DAYS = [date(2023, 12, 31), date(2024, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]


def test_the_digest_is_of_the_content_not_of_its_writing(tmp_path: Path) -> None:
    plain = load(tmp_path, GOOD)
    indented = "".join(f"  {line}\n" for line in GOOD.splitlines())
    assert load(tmp_path, "exchanges:\n" + indented).digest == plain.digest
    assert load(tmp_path, GOOD.replace("2024-01-01\n  until: null", "2024-01-01")).digest == plain.digest
    assert load(tmp_path, GOOD.replace("until: 2026-07-01", "until: 2026-06-30")).digest != plain.digest
    assert plain.get("kmdex").operators[0].uscc == ONE
    assert plain.canonical()["exchanges"][0]["id"] == "dcdex"


def test_a_code_of_digits_alone_stays_a_text(tmp_path: Path) -> None:
    digits = next(c for n in range(1000) if (c := complete_uscc(f"9153010000000{n:04d}")).isdigit())
    assert load(tmp_path, GOOD.replace(TWO, digits)).get("kmdex").operators[1].uscc == digits


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: kmdex", "id: Kmdex", "line 1: id:"),
        ("id: kmdex", "id: k", "line 1: id:"),
        ("id: kmdex", "id: dcdex", "line 9: id: dcdex is listed twice"),
        ("  name: 虚构交易所\n", "", "line 1: name: is missing"),
        ("name: 虚构交易所", "name:", "line 2: name:"),
        ("name: 虚构交易所", "name: [a]", "line 2: name:"),
        ("from: 2024-01-01\n", "from: 2024-02-30\n", "line 3: from:"),
        ("from: 2024-01-01\n", "from: 20240101\n", "line 3: from:"),
        ("until: null\n", "until: 2024-01-01\n", "line 4: until:"),
        ("approved_by: fictional order 1", "approved: yes", "line 5: approved: is not a field"),
        ("approved_by: fictional order 1", "from: 2024-01-01", "line 5: from: is given twice"),
        (ONE, ONE[:-1] + "I", "line 8: uscc:"),
        ("until: 2026-07-01", "until: 2026-07-02", "line 7: operators:"),
        ("until: 2026-07-01", "until: null", "line 7: operators:"),
        ("operators: []", "operators: {}", "line 9: operators: must be a list"),
        ("operators: []", "operators: [1]", "line 9: operators: must be a mapping"),
        ("- id: kmdex", "- id: 'kmdex", "line"),
        (GOOD, "", "exchanges: must be a list"),
        (GOOD, "[]", "exchanges: must be a list"),
        (GOOD, "exchanges: []", "exchanges: must be a list"),
        (GOOD, "other: []", "line 1: other: is not a field"),
        (GOOD, "a: !!python/object:os.system {}", "line 1: a:"),
        (GOOD, "? [a]\n: b", "line 1: (a collection): is not a field"),
        (GOOD, "a: \x01", "not YAML"),
        (GOOD, "[" * 2000, "nested too deeply"),
        (GOOD, "--- a\n--- b\n", "not YAML"),
    ],
)
def test_a_fault_is_reported_in_one_line_with_line_and_member(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(WhitelistError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert said in message
    assert "exchanges.yaml" in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WhitelistError, match="cannot be read"):
        load_whitelist(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"- id: \xff")
    with pytest.raises(WhitelistError, match="not UTF-8"):
        load_whitelist(tmp_path / "bytes.yaml")


@pytest.mark.parametrize("written", ["from: null, ", ""])
def test_an_open_beginning_counts_from_the_first_document_on(tmp_path: Path, written: str) -> None:
    path = tmp_path / "exchanges.yaml"
    operator = f"{{uscc: 91530100MAXKMDEX0C, name: 虚构, {written}until: 2026-01-01}}"
    path.write_text(f"- {{id: kmdex, name: 虚构, {written}operators: [{operator}]}}", encoding="utf-8")
    exchanges = load_whitelist(path)
    assert exchanges.counts("kmdex", datetime(2000, 1, 1, tzinfo=UTC))
    found = exchanges.operator_on("kmdex", date(2000, 1, 1))
    assert found is not None
    assert exchanges.operator_on("kmdex", date(2026, 1, 1)) is None
    assert exchanges.canonical()["exchanges"][0]["from"] is None
