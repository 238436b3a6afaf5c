"""Kept files: uploaded by the bureau under their SHA-256, downloaded by it and by auditors."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.incentive.commands.remove_files import UNNAMED_FOR, remove_files
from services.incentive.store import kept_files
from services.incentive.store.kept_files import KEPT_MOST_BYTES
from shared.postgres import clock
from shared.values.times import now
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.ledger import LedgerDatabase, ledger_database, rulebook, subject
from tests.support.until import until
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

PDF = b"%PDF-1.7 fictional minutes"


@pytest.fixture(scope="module")
def database(postgres) -> Iterator[LedgerDatabase]:
    with ledger_database(postgres) as found:
        yield found


@pytest.fixture(scope="module")
def bureau(database: LedgerDatabase) -> Bureau:
    found = Bureau(database.service, rulebook())
    found.begin()
    return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(
    bureau: Bureau, content: bytes, name: str | None = "纪要.pdf", role: str = "bureau", digest: str | None = None
) -> TestResponse:
    query = {} if name is None else {"name": name}
    path = f"/v1/files/{sha256(content) if digest is None else digest}"
    return bureau.ask.client.put(path, data=content, query_string=query, headers=headers(role))


def get(bureau: Bureau, digest: str, role: str = "auditor") -> TestResponse:
    return bureau.ask.client.get(f"/v1/files/{digest}", headers=headers(role))


def test_a_file_is_kept_once_and_downloaded_as_an_attachment(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "_PIECE_BYTES", 7)
    first = put(bureau, PDF)
    assert first.status_code == 200, first.text
    assert first.get_json() == {
        "sha256": sha256(PDF),
        "name": "纪要.pdf",
        "media_type": "application/pdf",
        "bytes": len(PDF),
        "by": "key of bureau",
        "person": "bureau",
        "at": first.get_json()["at"],
    }
    bureau.later()
    assert put(bureau, PDF, "another name", "bureau2").get_json() == first.get_json()
    for role in ("auditor", "bureau", "bureau2"):
        found = get(bureau, sha256(PDF), role)
        assert (found.status_code, found.data) == (200, PDF)
        assert found.headers["Content-Type"] == "application/pdf"
        assert found.headers["Content-Length"] == str(len(PDF))
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in found.headers["Content-Security-Policy"]
        assert found.headers["Content-Disposition"].startswith("attachment; filename")


def test_only_the_bureau_uploads_and_only_it_and_auditors_download(bureau: Bureau) -> None:
    content = b"%PDF- rights"
    for role in ("auditor", "service", "exchange:kmdex"):
        assert put(bureau, content, role=role).status_code == 403
    assert get(bureau, sha256(content)).status_code == 404
    assert put(bureau, content).status_code == 200
    for role in ("service", "exchange:kmdex"):
        assert get(bureau, sha256(content), role).status_code == 403
    for digest in ("0" * 64, "no-digest", "a\0"):
        assert get(bureau, digest).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "digest", "status"),
    [
        (PDF, "n", "0" * 64, 422),
        (PDF, "n", sha256(PDF).upper(), 422),
        (b"%PDF- 1", None, None, 422),
        (b"%PDF- 2", "", None, 422),
        (b"%PDF- 3", "n" * 201, None, 422),
        (b"", "n", None, 422),
        (b"<html><script>alert(1)</script>", "page.pdf", None, 422),
        (b"%PDF-" + b"x" * KEPT_MOST_BYTES, "n", None, 413),
    ],
)
def test_what_is_not_kept(bureau: Bureau, content: bytes, name: str | None, digest: str | None, status: int) -> None:
    with bureau.engine.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM kept_file")).scalar()
        assert put(bureau, content, name, digest=digest).status_code == status
        assert connection.execute(text("SELECT count(*) FROM kept_file")).scalar() == before
    if name and status == 422 and digest is None:
        assert get(bureau, sha256(content)).status_code == 404


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", 'filename="passwd.pdf"'),
        (r"C:\folder\a.PDF", 'filename="a.PDF"'),
        ("/", f'filename="{sha256(b"%PDF- /")[:16]}.pdf"'),
        ('a"b\r\n.exe', "filename=\"a_b__.exe.pdf\"; filename*=UTF-8''a%22b%0D%0A.exe.pdf"),
        ("纪要", "filename=\"__.pdf\"; filename*=UTF-8''%E7%BA%AA%E8%A6%81.pdf"),
    ],
)
def test_a_file_is_saved_without_folders_and_with_an_ending_of_its_type(bureau: Bureau, name: str, saved: str) -> None:
    content = b"%PDF- " + name.encode()
    assert put(bureau, content, name).status_code == 200
    assert get(bureau, sha256(content)).headers["Content-Disposition"] == f"attachment; {saved}"


def test_nothing_is_kept_by_a_wrong_clock(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"%PDF- clock"
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=6))
    refused = put(bureau, content)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.headers["Content-Type"] == "application/problem+json"
    monkeypatch.undo()
    assert get(bureau, sha256(content)).status_code == 404


def test_the_service_changes_no_kept_file_and_the_owner_may_delete_one(
    bureau: Bureau, database: LedgerDatabase
) -> None:
    content = b"%PDF- stays"
    assert put(bureau, content).status_code == 200
    for engine, statements in (
        (database.service, ("UPDATE kept_file SET name = 'n'", "DELETE FROM kept_file", "DELETE FROM kept_file_piece")),
        (database.owner, ("UPDATE kept_file SET name = 'n'", "UPDATE kept_file_piece SET content = ''")),
    ):
        for statement in statements:
            with pytest.raises(DBAPIError), engine.begin() as connection:
                connection.execute(text(statement))
    assert get(bureau, sha256(content)).data == content
    with database.owner.begin() as connection:
        connection.execute(text("DELETE FROM kept_file WHERE sha256 = :digest"), {"digest": sha256(content)})
    assert get(bureau, sha256(content)).status_code == 404
    assert put(bureau, content).status_code == 200
    assert get(bureau, sha256(content)).data == content


def is_kept(bureau: Bureau, content: bytes) -> bool:
    return get(bureau, sha256(content)).status_code == 200


def removed(database: LedgerDatabase, at: datetime) -> set[str]:
    return {one.sha256 for one in remove_files(database.service, lambda: at, Event())}


def act_naming(bureau: Bureau, content: bytes) -> None:
    """Record that a subject is eligible, by a document."""
    bureau.verify(subject(50), documents=[{"name": "依据.pdf", "sha256": sha256(content)}])


def test_files_that_no_act_names_are_removed_after_a_while(
    bureau: Bureau, database: LedgerDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    unnamed, again, named, declared = (b"%PDF- " + name for name in (b"unnamed", b"again", b"named", b"declared"))
    for content in (unnamed, again, named, declared):
        assert put(bureau, content).status_code == 200
    first = bureau.now
    act_naming(bureau, named)
    entry = {"rule": "ai_scenario", "subject": subject(51), "item": "A-1", "earned_on": "2026-03-01", "measure": {}}
    documents = [{"name": "依据.pdf", "sha256": sha256(declared)}]
    assert bureau.post("/v1/declared", {**entry, "documents": documents})[0] == 200
    assert removed(database, first + UNNAMED_FOR - timedelta(seconds=1)) == set()
    bureau.later(days=20)
    assert put(bureau, again).status_code == 200
    gone = removed(database, first + UNNAMED_FOR + timedelta(hours=1))
    assert sha256(unnamed) in gone
    assert not gone & {sha256(content) for content in (again, named, declared)}
    assert [is_kept(bureau, content) for content in (unnamed, again, named, declared)] == [False, True, True, True]
    assert sha256(again) in removed(database, bureau.now + UNNAMED_FOR + timedelta(days=999))
    assert is_kept(bureau, named)


def test_documents_of_a_table_that_waits_for_another_person_stay(bureau: Bureau, database: LedgerDatabase) -> None:
    named = b"%PDF- named by a table"
    assert put(bureau, named).status_code == 200
    rows = [f"ai_scenario,{subject(52)},W-{number},2026-03-01,a.pdf {sha256(named)}" for number in range(21)]
    table = "\n".join(["rule,subject,item,earned_on,documents", *rows])
    answer = bureau.ask.client.post(
        "/v1/declared/table", data=table, content_type="text/csv", headers=headers("bureau")
    )
    assert answer.status_code == 202, answer.text
    bureau.later(days=40)
    assert sha256(named) not in removed(database, bureau.now)
    assert bureau.post(f"/v1/declared/tables/{answer.json['id']}/discard", {"reason": "r"})[0] == 201
    assert sha256(named) in removed(database, bureau.now)


def test_postgresql_deletes_no_file_that_an_act_names(bureau: Bureau, database: LedgerDatabase) -> None:
    content = b"%PDF- named for ever"
    assert put(bureau, content).status_code == 200
    act_naming(bureau, content)
    delete = text("DELETE FROM kept_file WHERE sha256 = :digest")
    with pytest.raises(DBAPIError, match="is named by an act"), database.owner.begin() as connection:
        connection.execute(delete, {"digest": sha256(content)})
    assert is_kept(bureau, content)
    with database.owner.begin() as connection:
        connection.execute(text("SELECT set_config('jiangbu.erase', :digest, true)"), {"digest": sha256(content)})
        connection.execute(delete, {"digest": sha256(content)})
    assert not is_kept(bureau, content)


def test_a_removal_waits_for_an_act_that_names_the_file(bureau: Bureau, database: LedgerDatabase) -> None:
    content = b"%PDF- named meanwhile"
    assert put(bureau, content).status_code == 200
    found: list[set[str]] = []
    with database.owner.connect() as acting:
        acting.execute(text("SELECT name_documents(ARRAY[:digest])"), {"digest": sha256(content)})
        removal = Thread(target=lambda: found.append(removed(database, bureau.now + timedelta(days=999))))
        removal.start()
        until(lambda: is_waiting(database))
        acting.commit()
        removal.join()
    assert sha256(content) not in found[0]
    assert is_kept(bureau, content)


def is_waiting(database: LedgerDatabase) -> bool:
    with database.owner.connect() as connection:
        waiting = """
            SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE NOT l.granted AND a.datname = current_database()
        """
        return bool(connection.execute(text(waiting)).scalar())


def test_each_table_with_documents_names_them(database: LedgerDatabase) -> None:
    with_documents = text("""
        SELECT c.relname, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'documents_recorded')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'documents'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    """)
    with database.owner.connect() as connection:
        found = dict(tuple(row) for row in connection.execute(with_documents))
    assert len(found) > 8
    assert [table for table, is_named in found.items() if not is_named] == []
