"""Charts and words of the pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.app import create_app
from services.incentive.domain.explanations.wording import grouped
from services.incentive.domain.steps import ACTIONS
from services.incentive.http.schemas import FLAGS, KINDS, STATES
from services.incentive.pages import words
from services.incentive.pages.chart import HEIGHT, WIDTH, bar_chart, tier_progress
from services.incentive.pages.session.oidc import ClaimError, PersonsError, key_of, load_persons
from shared.events.decode import REASONS
from shared.settings import OidcSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

YI = 10**10  # fen
TIERS = [YI, 5 * YI, 10 * YI]


@given(st.lists(st.integers(0, 10**14), min_size=1, max_size=12))
def test_bars_lie_within_the_chart_and_are_as_high_as_their_amounts(amounts: list[int]) -> None:
    chart = bar_chart([(str(place), amount) for place, amount in enumerate(amounts)])
    top, bottom = chart.lines[-1], chart.lines[0]
    assert bottom.amount_fen == 0
    assert 2 <= len(chart.lines) <= 6
    assert top.amount_fen >= max(amounts)
    for bar, amount in zip(chart.bars, amounts, strict=True):
        assert chart.left <= bar.x
        assert bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= HEIGHT
        assert bar.y + bar.height == pytest.approx(chart.base, abs=0.11)
        assert bar.height == pytest.approx((bottom.y - top.y) * amount / top.amount_fen, abs=0.11)


@pytest.mark.parametrize(
    ("total", "percent", "reached"),
    [(0, 0, 0), (YI // 2, 16.67, 0), (YI, 33.33, 0), (YI + 1, 33.33, 1), (3 * YI, 50, 1), (99 * YI, 100, 3)],
)
def test_the_way_goes_through_the_tiers(total: int, percent: float, reached: int) -> None:
    way, marks = tier_progress(total, TIERS)
    assert way == pytest.approx(percent, abs=0.01)
    assert sum(mark.is_reached for mark in marks) == reached


@pytest.mark.parametrize(
    ("yuan", "zh", "en"),
    [
        ("0.00", "0", "0"),
        ("9999.99", "9,999", "9,999"),
        ("10000.00", "1万", "10,000"),
        ("99999999.99", "9,999.99万", "99.99 million"),
        ("100000000.00", "1亿", "100 million"),
        ("123456789.00", "1.23亿", "123.45 million"),
        ("1000000000.00", "10亿", "1 billion"),
        ("1234567890123.00", "12,345.67亿", "1,234.56 billion"),
    ],
)
def test_large_amounts_are_cut_off_and_not_rounded(yuan: str, zh: str, en: str) -> None:
    assert words.rounded(yuan) == words.Texts(zh, en)


def test_everything_that_an_answer_can_name_has_a_word() -> None:
    assert set(words.STATES) == set(STATES)
    assert set(words.FLAGS) == set(FLAGS)
    assert set(words.NEXT) == set(STATES)
    for state, (actions, _) in words.NEXT.items():
        assert all(state in ACTIONS[action].from_states for action in actions), state
    assert set(words.KINDS) == set(KINDS)
    assert set(words.REFUSALS) == set(REASONS)
    assert words.word(words.FLAGS, "of a later version") == words.Texts("of a later version", "of a later version")
    assert grouped("-5000000.00") == "-5,000,000.00"


@pytest.mark.parametrize(
    ("public_url", "is_secure"),
    [("https://jiangbu.example.org", True), ("http://jiangbu.example.org", False), (None, False)],
)
def test_cookies_are_secure_where_the_public_address_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, public_url: str | None, is_secure: bool
) -> None:
    """Creating the application and showing the sign-in form need no engine."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("SIGNING_KEY_FILE", str(tmp_path / "key"))
    keys = tmp_path / "keys.yaml"
    keys.write_text(f"- {{name: n, role: auditor, sha256: {'a' * 64}}}")
    monkeypatch.setenv("API_KEYS_FILE", str(keys))
    settings = replace(Settings("incentive"), public_url=public_url)
    answer = create_app(settings).test_client().get("/sign-in")
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("jiangbu=") for cookie in cookies)
    assert all(("; Secure" in cookie) is is_secure for cookie in cookies)
    assert ("Strict-Transport-Security" in answer.headers) is is_secure


OIDC = OidcSettings(
    "https://id.example.org/realms/x", "c", None, "roles", "preferred_username", "https://a.example.org"
)


@pytest.mark.parametrize(
    ("path", "claims", "role"),
    [
        ("roles", {"roles": ["auditor"]}, "auditor"),
        ("roles", {"roles": "bureau"}, "bureau"),
        ("roles", {"roles": ["subject:uscc:91530100MAXKMDEX0C"]}, "subject:uscc:91530100MAXKMDEX0C"),
        ("roles", {"roles": ["subject:uscc:91530100MAXKMDEX0D"]}, None),
        ("roles", {"roles": ["subject:uscc:91530100MAXKMDEX0C", "auditor"]}, None),
        ("realm_access.roles", {"realm_access": {"roles": ["offline_access", "exchange:kmdex"]}}, "exchange:kmdex"),
        ("roles", {"roles": ["auditor", "bureau"]}, None),
        ("roles", {"roles": ["service"]}, None),
        ("roles", {"roles": ["auditor ", "EXCHANGE:kmdex", 1, None]}, None),
        ("roles", {"roles": {"auditor": True}}, None),
        ("realm_access.roles", {"realm_access": "auditor"}, None),
        ("roles", {}, None),
    ],
)
def test_a_claim_gives_one_role_and_no_more(path: str, claims: dict[str, object], role: str | None) -> None:
    settings = replace(OIDC, roles_claim=path)
    with Flask("test").test_request_context():
        if role is None:
            with pytest.raises(ClaimError):
                key_of({"preferred_username": "zhang", "sub": "7", **claims}, settings, {})
            return
        key = key_of({"preferred_username": "zhang", "sub": "7", **claims}, settings, {})
        assert (key.name, key.role, key.person) == ("zhang@id.example.org", role, f"{settings.issuer} 7")
        with pytest.raises(ClaimError):
            key_of({"sub": "7", **claims}, settings, {})


def test_a_file_names_the_person_of_an_account(tmp_path: Path) -> None:
    file = tmp_path / "persons.yaml"
    file.write_text(f"- {{issuer: {OIDC.issuer}/, subject: '7', person: 张}}\n", "utf-8")
    claims = {"preferred_username": "zhang", "sub": "7", "roles": ["bureau"]}
    assert key_of(claims, OIDC, load_persons(file)).person == "张"
    assert key_of({**claims, "sub": "8"}, OIDC, load_persons(file)).person == f"{OIDC.issuer} 8"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "cannot be read"),
        ("x", "entry 1: must have"),
        ("- {issuer: a, subject: 7, person: b}", "entry 1: must have"),
        ("- {issuer: a, subject: b}", "entry 1: must have"),
        ("- &one {issuer: a, subject: b, person: c}\n- *one", "entry 2: the account is listed before"),
    ],
)
def test_a_wrong_file_of_persons_is_refused_by_its_entry(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "persons.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(PersonsError, match=f"PERSONS_FILE: .*{said}"):
        load_persons(file)
