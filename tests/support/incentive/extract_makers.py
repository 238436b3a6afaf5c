"""A set with documents, extracts of it, and their verification. All exchanges and entities are fictional."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from services.incentive.extract.request import ExtractRequest
from services.incentive.extract.worker import ExtractWorker
from services.incentive.extract.writer import ExtractOrder, write_extract
from services.incentive.store.ledger import last_instant
from services.incentive.store.register_client import RegisterAddresses, RegisterClient
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from shared.service_log.store import newest_checkpoint, verifier_keys
from shared.settings import RegisterAddress
from tests.support.incentive.app import incentive_app
from tests.support.incentive.bureau import SECOND, SHA256, Bureau
from tests.support.incentive.ledger import subject
from tests.support.incentive.whole_set import WholeSet, fed_with_a_world, served, whole_set
from tests.support.registers import worlds
from tests.support.registers.worlds import LOG_KEY
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from services.incentive.verifier.report import VerificationReport
    from tests.support.engines.session import FreshDatabase
    from tests.support.registers.web_register import RegisterSet

ACCOUNT_NO = "6222020200011234567"
ENGLISH = {"LANG": "en_US.UTF-8"}
SEED, DOCUMENTS = 11, 130
TIMES = 5000  # so that every rule earns
# Parties that only one trade of dcdex names.
SECRETS = {worlds.uscc(71): "虚构秘密甲", worlds.uscc(72): "虚构秘密乙"}
SECRET_TRADE = {
    "trade_no": "T-secret",
    "revision": 1,
    "status": "completed",
    "mode": "negotiated",
    "amount": "777777.77",
    "refunded": "0",
    "currency": "CNY",
    "completed_at": "2026-03-01T10:00:00+08:00",
} | {
    role: {"id_scheme": "uscc", "id": code, "name": name}
    for role, (code, name) in zip(("provider", "buyer"), SECRETS.items(), strict=True)
}
# Declarations: step-up differences, ones that compete with another of the subject and year, one that earns nothing.
DECLARED: list[dict[str, Any]] = [
    {"rule": rule, "subject": f"uscc:{worlds.uscc(number)}", "item": item, "earned_on": day, "measure": measure}
    | {"documents": [{"name": "认定文件.pdf", "sha256": SHA256}]}
    for rule, number, item, day, measure in (
        ("outbound_transfer", 80, "O-1", "2024-04-01", {}),
        ("revenue_growth", 1, "R-2025", "2025-12-31", {"revenue": "100000000.00"}),
        ("revenue_growth", 1, "R-2026", "2026-05-31", {"revenue": "600000000.00"}),
        ("compute_voucher", 2, "V-1", "2026-03-01", {"settled": "100000.01"}),
        ("compute_voucher", 2, "V-2", "2026-04-01", {"settled": "2000000.00"}),
    )
]


class Makers:
    """A set with documents, its API, and extracts of it."""

    def __init__(
        self, made: WholeSet, addresses: dict[str, RegisterAddress], registers: Iterable[RegisterSet] = ()
    ) -> None:
        """Set up application and extract worker; `registers`: those whose keys an auditor has (default: the set's)."""
        self.set, self.addresses = made, addresses
        self.registers = tuple(registers) or (made.listings, made.trades)
        self.app = incentive_app(
            made.ledger,
            made.rulebook,
            lambda: made.now,
            RegisterAddresses(addresses, "service-key"),
        )
        self.maker = ExtractWorker(made.ledger, LOG_KEY, "service-key", addresses)

    def extract(self, role: str = "auditor", **request: Any) -> bytes:
        asked = ExtractRequest(role, **request)
        stream = io.BytesIO()
        engine = self.set.ledger.execution_options(isolation_level="REPEATABLE READ")
        with engine.begin() as connection, RegisterClient("service-key") as registers:
            newest = newest_checkpoint(connection)
            assert newest is not None
            order = ExtractOrder(asked, newest.size, LOG_KEY)
            write_extract(connection, order, registers, self.addresses, _WriteOnly(stream), lambda _: None)
        return stream.getvalue()

    def keys(self) -> str:
        found = []
        for engine in (self.set.ledger, *(register.engine for register in self.registers)):
            with engine.connect() as connection:
                found += verifier_keys(connection)
        return "".join(f"{key}\n" for key in found)

    def ask(self, method: str, path: str, role: str = "auditor", body: Any = None) -> Any:
        return self.app.test_client().open(path, method=method, headers=headers(role), json=body)

    def get(self, path: str, role: str = "auditor") -> Any:
        answer = self.ask("GET", path, role)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


class _WriteOnly:
    """A stream that cannot seek."""

    def __init__(self, into: io.BytesIO) -> None:
        self._into = into

    def write(self, data: bytes) -> int:
        return self._into.write(data)

    def flush(self) -> None:
        pass


@contextmanager
def makers_of(postgres: FreshDatabase, folder: Path, seed: int = SEED) -> Iterator[Makers]:
    """A set with random documents, declarations, a trade of secrets and a refused record; served over HTTP."""
    with ExitStack() as opened:
        made = opened.enter_context(whole_set(postgres, folder))
        fed_with_a_world(made, seed, DOCUMENTS, TIMES)
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        makers = Makers(made, {"r1": RegisterAddress(*urls)})
        for declared in DECLARED:
            answer = makers.ask("POST", "/v1/declared", "bureau", declared)
            assert answer.status_code == 200, answer.text
        with made.ledger.connect() as connection:
            made.now = last_instant(connection) or made.now
        decide(made)
        made.trade("dcdex", worlds.record("trade", "dcdex", SECRET_TRADE, 0).value)
        made.trade("kmdex", b"rubbish")
        yield makers


def decide(made: WholeSet) -> None:
    """Have the bureau pay one award, approve two, hold one, and perform every other kind of act.

    One of the approved awards is suppressed later and partly revoked; a part of the paid one is returned and recovered.
    """
    bureau = Bureau(made.ledger, made.rulebook, made.now)
    payable = [one for one in bureau.ask.all("/v1/awards", limit=500) if one["payable"] != "0.00"]
    paid, approved, suspended, over, rival = (payable[number] for number in (0, 1, 2, 3, -1))
    # One that an exchange of the tests sees.
    held = next(one for one in payable[4:-1] if any("kmdex" in named["exchanges"] for named in one["evidence"]))
    for award in (paid, approved, over):
        bureau.verify(subject_of(award))
        bureau.approved(award["award_id"], award["payable"])
    paper = [{"name": "开户许可证.pdf", "sha256": SHA256}]
    account = {"bank": "虚构银行", "account": ACCOUNT_NO, "name": "虚构甲", "documents": paper}
    recorded = bureau.post(f"/v1/subjects/{subject_of(paid)}/accounts", account)[1]
    assert bureau.post(f"/v1/accounts/{recorded['id']}/confirm", None, SECOND)[0] == 201
    bureau.done(paid["award_id"], "pay")
    bureau.returned(paid["award_id"], "0.02")
    bureau.done(paid["award_id"], "recover", amount="0.01")
    bureau.done(held["award_id"], "apply")
    holds = f"/v1/awards/{held['award_id']}/holds"
    released = [bureau.post(holds, {"kind": kind, "reason": "r"})[1] for kind in ("manual", "objection")]
    bureau.post(f"/v1/holds/{released[0]['hold_id']}/release", {"reason": "r"})
    suspension = {"from": "2025-01-01", "until": "2026-12-31", "reason": "r"}
    bureau.post(f"/v1/rules/{suspended['rule']}/suspensions", suspension)
    bureau.grant(subject_of(rival), rival["year"], "0.01", rules=[rival["rule"]])
    bureau.grant(subject_of(over), over["year"], "9000000000.00", awards=[over["award_id"]])
    mistaken = bureau.grant(subject_of(rival), rival["year"], "9000000000.00", rules=[rival["rule"]])
    bureau.post(f"/v1/other-grants/{mistaken['other_grant_id']}/withdraw", {"reason": "r"})
    bureau.done(over["award_id"], "revoke", amount="0.01")
    statement = bureau.decisions(approved["award_id"])[-1]["statement"]
    served = {"way": "直接送达", "served_on": bureau.now.date().isoformat(), "to": "公司"}
    assert bureau.post(f"/v1/statements/{statement}/service", served)[0] == 201
    send_tables(bureau)
    link = bureau.post(f"/v1/subjects/{subject_of(paid)}/access-links", None)[1]
    assert bureau.post(f"/v1/access-links/{link['id']}/revoke", {"reason": "r"})[0] == 201
    for step in ("close", "reopen", "close"):
        assert bureau.post(f"/v1/years/2026/{step}", {"reason": "r", "documents": []})[0] == 201
    assert bureau.award(over["award_id"])["flags"] == ["over_approved"]
    made.now = bureau.now


def send_tables(bureau: Bureau) -> None:
    """Have one table of declarations that needs another person confirmed, and another one discarded."""
    head = "rule,subject,item,earned_on,measure,documents"
    for item, end in (("C-1", "confirm"), ("C-2", "discard")):
        rows = [f"computing_centre,{subject(90)},{item}-{n},2026-03-01,1.2,a.pdf {SHA256}" for n in range(3)]
        sent = bureau.ask.client.post(
            "/v1/declared/table", data="\n".join([head, *rows]), content_type="text/csv", headers=headers("bureau")
        )
        assert sent.status_code == 202, sent.text
        bureau.later()
        path = f"/v1/declared/tables/{sent.get_json()['id']}/{end}"
        assert bureau.post(path, {"reason": "r"} if end == "discard" else None, SECOND)[0] == 201


def subject_of(award: dict[str, Any]) -> str:
    return f"{award['subject']['id_scheme']}:{award['subject']['id']}"


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(content: bytes, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files(content)[name].splitlines()]


def alone(makers: Makers, content: bytes, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the extract's own verify.py, unpacked, in an isolated Python without the project."""
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(unpacked)
    (folder / "keys").write_text(makers.keys(), "utf-8")
    command = [sys.executable, "-I", "-S", "verify.py", "--key", str(folder / "keys"), *more]
    return subprocess.run(command, cwd=unpacked, capture_output=True, text=True, check=False, env=ENGLISH)


def checked(makers: Makers, content: bytes, folder: Path, older: bytes | None = None) -> VerificationReport:
    """Verify in this process."""
    path, older_path = folder / "extract.zip", folder / "older.zip"
    path.write_bytes(content)
    if older is not None:
        older_path.write_bytes(older)
    return verify(str(path), read_keys(makers.keys()), None if older is None else str(older_path))
