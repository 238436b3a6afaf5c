"""CSV files of declarations: accepted headings, names, dates and encodings; each error names its column."""

from datetime import date

import pytest

from services.incentive.domain.facts import DocumentRef
from services.incentive.http.tables.declared import read_table
from services.incentive.http.tables.rows import MOST_ROWS
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.table_files.table_error import TableError
from shared.values.parties import complete_uscc
from tests.support.paths import ROOT

POLICY = load_policy(POLICY_FILE)
CODE = complete_uscc("91530100MA6000001")
SHA = "ab" * 32
HEAD = "奖项,主体,名称,事项,取得日期,计量,文件,评定金额"


def test_a_row_is_read_as_people_write_it():
    table = f'{HEAD}\r\n算力券,{CODE},虚构甲,HT-1,2026/3/1,200000.00,"结算单.pdf {SHA.upper()}；发票 {SHA}"\r\n,,,\r\n'
    table += f"contest,uscc:{CODE},,P-1,2026-04-02,全国二等奖,公布名单.pdf {SHA}\r\n"
    table += f"数据专业服务奖励,{CODE},,S-1,2026-04-03,,评定意见.pdf {SHA},300000.00\r\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        first, second, third = read_table(table.encode(encoding), POLICY)
        assert (first.line, first.faults, second.line, second.faults) == (2, (), 4, ())
        assert first.declared is not None
        assert (first.declared.rule, first.declared.subject, first.declared.name) == (
            "compute_voucher",
            f"uscc:{CODE}",
            "虚构甲",
        )
        assert (first.declared.earned_on, first.declared.measure) == (date(2026, 3, 1), {"settled": "200000.00"})
        assert first.declared.documents == (DocumentRef("结算单.pdf", SHA), DocumentRef("发票", SHA))
        assert second.declared is not None
        assert second.declared.measure == {"prize": "national_second"}
        assert second.declared.name is None
        assert second.declared.assessed_fen is None
        assert third.declared is not None
        assert (third.declared.rule, third.declared.assessed_fen) == ("data_services", 30_000_000)


def test_the_example_can_be_read():
    rows = read_table((ROOT / "docs" / "example-declared.csv").read_bytes(), POLICY)
    assert [row.declared.rule for row in rows if row.declared] == ["compute_voucher", "standards", "ai_model"]


def test_headings_may_be_of_both_languages_and_in_any_order():
    table = f"取得日期 earned_on,withdrawn,item,rule,subject\n2026-01-01,是,A,startup_park,{CODE}\n"
    (row,) = read_table(table.encode(), POLICY)
    assert row.declared is not None
    assert row.declared.withdrawn is True


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        (f"算力券,{CODE},,HT 1,2026-03-01,1.00,结算单.pdf {SHA}", {"item"}),
        (f"算力券,{CODE[:-1]},,HT-1,2026-03-01,1.00,结算单.pdf {SHA}", {"subject"}),
        (f"算力券,{CODE},,HT-1,2026-02-30,1.00,结算单.pdf {SHA}", {"earned_on"}),
        (f"算力券,{CODE},,,1 March,1.00,结算单.pdf {SHA}", {"item", "earned_on"}),
        (f"startup_park,{CODE},,P,2026-03-01,,评定.pdf {SHA},30万", {"assessed"}),
        (f"十二,{CODE},,P,2026-03-01,1.00,結 {SHA[1:]}", {"documents"}),
        (f"startup_park,{CODE},,P,2026-03-01,1.00,认定.pdf {SHA}", {"measure"}),
        (f"startup_park,{CODE},,P,2026-03-01,,,,extra", {""}),
        (f"startup_park,{CODE},,P,2026-03-01,,", {"documents"}),
    ],
)
def test_a_fault_is_reported_at_its_column(cells: str, fields: set[str]):
    good, bad = read_table(f"{HEAD}\nstartup_park,{CODE},,P,2026-03-01,,认定.pdf {SHA}\n{cells}\n".encode(), POLICY)
    assert good.faults == ()
    assert bad.declared is None
    assert {fault.field for fault in bad.faults} == fields
    assert bad.line == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "columns are missing"),
        (f"{HEAD}\n".encode(), "no row"),
        (f"{HEAD},备注\nx\n".encode(), "no such column"),
        (f"{HEAD},rule\nx\n".encode(), "repeated column"),
        ("奖项,主体\nx,y\n".encode(), "columns are missing"),
        (f'{HEAD}\n"x\n'.encode(), "is not CSV"),
        (b"\xff\xff\n", "must be UTF-8"),
        (f"{HEAD}\n{'x,y,z,a,b,c,d' + chr(10)}".encode() + b"x,y,z,a,b,c,d\n" * MOST_ROWS, "at most"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, said: str):
    with pytest.raises(TableError, match=said):
        read_table(content, POLICY)
