"""The page `verify.html` in a browser: an extract that is dropped on it, and every refusal that it shares with
`verify.py`.
"""

from __future__ import annotations

import random
import zipfile
from contextlib import contextmanager
from importlib.resources import as_file
from importlib.resources import files as package_files
from typing import TYPE_CHECKING

import pytest

from services.incentive.verifier.main import verify
from tests.browser.site import DESKTOP, PHONE, check_accessible, check_fits
from tests.support.extracts.raw_changes import RAW_CHANGES
from tests.support.extracts.refusals import REFUSALS, Extract
from tests.support.incentive.changed_extract import zipped
from tests.support.incentive.extract_makers import files, lines, makers_of, subject_of
from tests.support.incentive.pdf_files import page_count, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from services.incentive.verifier.report import Unsound

BY_OUTSIDERS = 40
HELD_BYTES = 2**25  # a larger zip is read piece by piece
# Left to verify.py: facts, awards and payables are recomputed, and the procedure of acts is followed.
RECOMPUTED = {
    "no such fact",
    "there was no whitelist then",
    "no document names the subject",
    "differs from its recomputation from the documents",
    "a listing fact differs from the register",
    "the facts that it depends on are not in the extract",
    "differs from its recomputation from the facts",
    "a total is not cut at the policy's dates",
    "a reading that this program does not compute",
    "an award that is earned is missing",
    "payable or suppressed_by does not follow from G6 and G11",
    "differs from the acts",
    "the step does not follow the one before",
    "the step leads to another state",
    "steps that need separate hands are by one person",
    "a step without its document",
    "paid on a wrong day",
    "approved for another subject or year than was published",
    "more is approved than was published",
    "approved before the public notice was over",
    "approved or paid in spite of a hold",
    "approved or paid without verified eligibility",
    "a record of eligibility that lacks what it needs",
    "an account is not confirmed by another person",
    "a table of declarations is not confirmed by another person",
    "ends a table of declarations that does not wait",
    "a table of declarations that needed no other person",
    "releases a hold that is not in force",
    "an objection without an outcome, or an outcome of another hold",
    "a notice of fewer working days than the policy wants",
    "the calendar names a day for what its weekday is already",
    "a grant without a document",
    "withdraws a grant that is not in force",
    "the payment is not all that was unpaid",
    "more is returned than was notified",
    "returned before the notice was over, without an answer",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(postgres, tmp_path_factory) -> Iterator[tuple[bytes, bytes, str, bytes]]:
    """An extract of everything, one of a subject alone, the keys of their logs, and one that a subject requested."""
    with makers_of(postgres, tmp_path_factory.mktemp("verifying")) as makers:
        content = makers.extract(evidence="registers")
        subject = subject_of(lines(content, "awards.ndjson")[0])
        own = makers.extract(evidence="own", subjects=(subject,))
        paid = next(subject_of(award) for award in lines(content, "awards.ndjson") if award["state"] == "paid")
        yield content, own, makers.keys(), makers.extract(f"subject:{paid}", evidence="own", subjects=(paid,))


@pytest.fixture
def whole(made: tuple[bytes, bytes, str, bytes]) -> bytes:
    return made[0]


@pytest.fixture
def extract(made: tuple[bytes, bytes, str, bytes], tmp_path: Path) -> Extract:
    return Extract(files(made[0]), made[2], tmp_path)


@contextmanager
def opened(
    browser: Browser, screen: dict[str, int] = DESKTOP, language: str = "en-GB", scheme: str = "light", before: str = ""
) -> Iterator[Page]:
    """Open the page from its file; whatever it asks of a network, and each error that the browser reports, fails."""
    complaints: list[str] = []
    context = browser.new_context(viewport=screen, locale=language, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(90_000)  # room for a busy machine
    if before:
        context.add_init_script(before)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None)
    with as_file(package_files("services.incentive.extract") / "verify.html") as path:
        page.goto(path.as_uri())
        try:
            yield page
        finally:
            context.close()
    assert complaints == []


def verified(page: Page, path: Path, older: Path | None = None) -> str:
    """The fault that the page reports for a chosen extract; empty if there is none."""
    page.locator("#older").set_input_files([])
    page.locator("#extract").set_input_files([])  # the same name again is no change
    if older is not None:
        page.locator("#older").set_input_files(older)
    page.locator("#extract").set_input_files(path)
    page.locator('#work[aria-busy="false"]').wait_for()
    assert page.locator("#report").is_visible(), page.locator("#status").inner_text()
    faults = page.locator("#faults li")
    assert faults.count() <= 1
    return faults.inner_text() if faults.count() else ""


def said_of(fault: Unsound) -> str:
    """The file, line and reason that both programs say of a fault; their details may differ."""
    line = "" if fault.line is None else f":{fault.line}"
    return f"{fault.file}{line}: {fault.message.en}"


def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder on the page, as a person does."""
    page.locator("#work").evaluate("node => node.removeAttribute('aria-busy')")
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 300, "data": data})
    page.locator('#work[aria-busy="false"]').wait_for()


def test_it_refuses_what_verify_py_refuses_but_for_what_is_recomputed(browser: Browser, extract: Extract) -> None:
    source = (package_files("services.incentive.extract") / "verify.html").read_text("utf-8")
    assert [reason for reason in RECOMPUTED if f'"{reason}"' in source] == []
    assert {row.reason for row in REFUSALS} >= RECOMPUTED
    wrong = []
    with opened(browser) as page:
        page.locator("#keys").fill(extract.key_lines)
        for row in REFUSALS:
            if row.reason in RECOMPUTED:
                continue
            expected, _ = extract.check(row)
            path, older, _ = extract.changed(row)
            said = verified(page, path, older)
            if not said.startswith(said_of(expected)):
                wrong.append((said_of(expected), said))
    assert wrong == []


def test_a_change_without_the_key_is_reported_with_file_and_line(
    browser: Browser, extract: Extract, whole: bytes, tmp_path: Path
) -> None:
    content, rng, done = files(whole), random.Random(3), 0
    with opened(browser) as page:
        page.locator("#keys").fill(extract.key_lines)
        while done < BY_OUTSIDERS:
            name, change = rng.choice(sorted(content)), rng.choice(RAW_CHANGES)
            if not content[name] or (changed := change(content[name], rng)) == content[name]:
                continue
            path = tmp_path / "raw.zip"
            (expected,) = verify(zipped({**content, name: changed}, path), extract.keys).faults
            assert verified(page, path).startswith(said_of(expected)), (name, change.__name__)
            done += 1


def test_an_extract_is_verified_by_dropping_it(
    browser: Browser, extract: Extract, made: tuple[bytes, bytes, str, bytes], tmp_path: Path, pictures: Path
) -> None:
    path, own, folder = tmp_path / "extract.zip", tmp_path / "own.zip", tmp_path / "unpacked"
    path.write_bytes(made[0])
    own.write_bytes(made[1])
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    with opened(browser) as page:
        drop(page, path)
        assert "verifier keys first" in page.locator("#status").inner_text()
        assert page.locator("#report").is_hidden()
        page.locator("#key-file").set_input_files(extract.write("keys.txt", extract.key_lines.encode()))
        drop(page, path)
        assert page.locator("#faults li").all_inner_texts() == []
        assert page.locator("#verdict").inner_text() == "SOUND in all that this page checks"
        assert page.locator("#verdict").evaluate("node => node === document.activeElement")
        printed = page.pdf(prefer_css_page_size=True)
        (pictures / "verifying.pdf").write_bytes(printed)
        said = text_of(printed).replace("\n", "")
        for words in ("extract.zip", "transactions are valid, each balanced", "Not checked by this page"):
            assert words.replace(" ", "") in said.replace(" ", "")
        assert page_count(printed) <= 2
        drop(page, own)
        assert page.locator("#verdict").inner_text() == "SOUND in all that this page checks"
        assert "of one subject alone" in page.locator("#limits").inner_text()
        own.write_bytes(made[3])
        drop(page, own)
        assert page.locator("#verdict").inner_text() == "SOUND in all that this page checks"
        assert "the subject itself asked" in page.locator("#limits").inner_text()
        drop(page, folder)
        assert page.locator("#verdict").inner_text() == "SOUND in all that this page checks"
        rows = (folder / "awards.ndjson").read_bytes().splitlines(keepends=True)
        (folder / "awards.ndjson").write_bytes(b"".join([*rows[:2], rows[2].replace(b"0", b"1", 1), *rows[3:]]))
        drop(page, folder)
        assert page.locator("#verdict").inner_text() == "UNSOUND"
        expected = "awards.ndjson:3: differs from its hash in the manifest"
        assert page.locator("#faults li").inner_text() == expected


def test_a_zip_that_is_not_held_in_memory_is_read_piece_by_piece(
    browser: Browser, extract: Extract, whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "large.zip"
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("zz", bytes(HELD_BYTES))  # the last file, after all those of the extract
    with opened(browser) as page:
        page.locator("#keys").fill(extract.key_lines)
        assert verified(page, path) == "zz: not part of the extract"


def test_a_forged_amount_is_left_to_verify_py_and_the_page_says_so(browser: Browser, extract: Extract) -> None:
    row = next(row for row in REFUSALS if row.reason == "differs from its recomputation from the documents")
    with opened(browser) as page:
        page.locator("#keys").fill(extract.key_lines)
        assert verified(page, extract.changed(row)[0]) == ""
        assert "recomputed from the registers' documents" in page.locator("#report").inner_text()


def test_a_browser_without_ed25519_checks_nothing_and_says_so(browser: Browser) -> None:
    refused = "SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('NotSupportedError'))"
    with opened(browser, before=refused) as page:
        assert "nothing was checked" in page.locator("#missing").inner_text()
        assert page.locator("#missing-what").inner_text() == "Ed25519"
        assert page.locator("#check").is_disabled()
        assert page.locator("#extract").is_disabled()


def test_it_is_readable_in_both_languages_on_a_phone_and_by_keyboard(
    browser: Browser, extract: Extract, whole: bytes, tmp_path: Path, pictures: Path
) -> None:
    path, bad = tmp_path / "extract.zip", tmp_path / "bad.zip"
    path.write_bytes(whole)
    zipped({**files(whole), "balances.json": b"{}\n"}, bad)
    for screen, language, scheme in ((DESKTOP, "zh-CN", "light"), (PHONE, "zh-CN", "dark"), (PHONE, "en-GB", "light")):
        with opened(browser, screen, language, scheme) as page:
            page.keyboard.press("Tab")
            assert page.locator("#language").evaluate("node => node === document.activeElement")
            page.keyboard.press("Enter")
            page.keyboard.press("Enter")
            page.locator("#keys").fill(extract.key_lines)
            for name, one in (("start", None), ("sound", path), ("unsound", bad)):
                if one is not None:
                    verified(page, one)
                check_accessible(page, f"{name} {language}")
                check_fits(page, f"{name} {language}")
                picture = pictures / f"verifying-{name}-{language}-{screen['width']}.png"
                page.screenshot(path=picture, full_page=True)
