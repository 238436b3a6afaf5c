"""The file of API keys: accepted contents, and reported errors."""

import hashlib
from pathlib import Path

import pytest
import yaml

from shared.web.keys import ApiKey, KeysError, load_keys

HASH = hashlib.sha256(b"secret").hexdigest()


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "keys.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return path


def entry(**changes: object) -> dict[str, object]:
    return {"name": "审计 / audit", "role": "auditor", "sha256": HASH} | changes


def test_keys_are_found_by_what_they_hash_to(tmp_path: Path) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    keys = load_keys(written(tmp_path, [entry(), entry(role="exchange:kmdex", sha256=other)]))
    assert keys.find(b"secret") == ApiKey("审计 / audit", "auditor", HASH, "审计 / audit")
    found = keys.find(b"other")
    assert found is not None
    assert (found.kind, found.exchange) == ("exchange", "kmdex")
    assert found.sees("kmdex")
    assert not found.sees("dcdex")
    assert (found.viewer, found.subject) == ("kmdex", None)
    for wrong in (b"", b"secret ", b"Secret", HASH.encode(), b"\xff"):
        assert keys.find(wrong) is None


def test_a_subjects_key_sees_no_exchange(tmp_path: Path) -> None:
    [found] = load_keys(written(tmp_path, [entry(role="subject:uscc:91530100MAXKMDEX0C")])).keys
    assert (found.kind, found.exchange, found.subject) == ("subject", None, "uscc:91530100MAXKMDEX0C")
    assert found.viewer == found.subject
    assert not found.sees("kmdex")


def test_a_rotated_key_under_another_name_keeps_its_person(tmp_path: Path) -> None:
    rotated = entry(name="审计（2027）", sha256=hashlib.sha256(b"other").hexdigest(), person="审计 / audit")
    keys = load_keys(written(tmp_path, [entry(), rotated]))
    assert {key.person for key in keys.keys} == {"审计 / audit"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "must be a list"),
        ("keys: []", "must be a list"),
        ("- [", "not YAML, line"),
        ([entry(), "x"], "key 2: must have the fields"),
        ([entry(extra=1)], "key 1: must have the fields"),
        ([{"name": "x", "role": "auditor"}], "key 1: must have the fields"),
        ([entry(name="")], "name must be"),
        ([entry(name=7)], "name must be"),
        ([entry(person="")], "person must be"),
        ([entry(person=7)], "person must be"),
        ([entry(role="admin")], "role must be"),
        ([entry(role="exchange:")], "role must be"),
        ([entry(role="exchange:KMDEX")], "role must be"),
        ([entry(role="auditor\n")], "role must be"),
        ([entry(role="subject:uscc:91530100MAXKMDEX0D")], "role must be"),
        ([entry(role="subject:uscc:")], "role must be"),
        ([entry(role="subject:91530100MAXKMDEX0C")], "role must be"),
        ([entry(role="uscc:91530100MAXKMDEX0C")], "role must be"),
        ([entry(sha256="abc")], "sha256 must be"),
        ([entry(sha256=HASH.upper())], "sha256 must be"),
        (f"- {{name: x, role: auditor, sha256: {'1' * 64}}}", "sha256 must be"),
        ([entry(), entry(name="again")], "key 2: same sha256 as key 1"),
    ],
)
def test_a_wrong_file_is_reported_in_one_line(tmp_path: Path, content: object, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(KeysError) as caught:
        load_keys(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="cannot be read"):
        load_keys(tmp_path / "none.yaml")
    with pytest.raises(KeysError, match="API_KEYS_FILE"):
        load_keys(None)
