import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from shared.values.parties import Party, complete_uscc, id_fault, is_uscc, parse_subject

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FIRST_17 = st.from_regex(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", fullmatch=True)


def test_the_code_that_python_stdnum_documents_is_valid() -> None:
    assert is_uscc("91110000600037341L")


@given(FIRST_17)
def test_the_check_character_is_that_of_python_stdnum(first_17: str) -> None:
    good = uscc.calc_check_digit(first_17)
    assert [c for c in ALPHABET if is_uscc(first_17 + c)] == [good]
    assert complete_uscc(first_17) == first_17 + good


@given(FIRST_17, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(first_17: str, position: int, character: str) -> None:
    code = complete_uscc(first_17)
    other = code[:position] + character + code[position + 1 :]
    assert is_uscc(other) == (other == code)


@pytest.mark.parametrize("first_17", ["N2530102MA6K12345", "Y1530102MA6K12345", "A1530102MA6K12345"])
def test_codes_that_begin_with_a_letter_are_valid(first_17: str) -> None:
    assert is_uscc(complete_uscc(first_17))


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91110000600037341l",
        "91110000600037341L\n",
        " 91110000600037341L",
        "9111 0000 6000 3734 1L",
        "９1110000600037341L",
        "91110000600037341LL",
        "9111000060003734",
        "I1110000600037341L",
    ],
)
def test_other_spellings_are_not(code: str) -> None:
    assert not is_uscc(code)


@pytest.mark.parametrize(
    ("scheme", "party_id", "good"),
    [
        ("uscc", "91110000600037341L", True),
        ("uscc", "91110000600037341M", False),
        ("overseas", "SG-201912345K", True),
        ("overseas", "530102199001011234", True),
        ("overseas", "-1", False),
        ("overseas", "a" * 64, True),
        ("overseas", "a" * 65, False),
        ("overseas", "A1\n", False),
        ("overseas", "公司", False),
        ("natural_person", "kmdex:p-1", True),
        ("natural_person", "530102199001011234", False),
        ("natural_person", "53010219900101123X", False),
        ("natural_person", "53010219900101123x", False),
        ("natural_person", "53010219900101123", True),
        ("natural_person", "5301021990010112345", True),
    ],
)
def test_ids_by_scheme(scheme: str, party_id: str, good: bool) -> None:
    assert (id_fault(scheme, party_id) is None) == good


def test_an_entity_is_its_scheme_and_id_and_content_has_the_name_too() -> None:
    one, renamed = Party("overseas", "X1", "甲"), Party("overseas", "X1", "乙")
    assert one.subject == renamed.subject == "overseas:X1"
    assert one != renamed
    assert one.subject != Party("natural_person", "X1", "甲").subject


def test_subjects_are_read_by_scheme() -> None:
    assert parse_subject("uscc:91110000600037341L") == ("uscc", "91110000600037341L")
    assert parse_subject("natural_person:kmdex:p-1") == ("natural_person", "kmdex:p-1")


@pytest.mark.parametrize("text", ["", "uscc", "uscc:", "uscc:1", "person:1", "91110000600037341L", ":1", "overseas: 1"])
def test_other_texts_are_no_subject(text: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        parse_subject(text)
