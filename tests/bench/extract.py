"""Time and memory needed to make and to verify an extract.

It measures the largest extract for a number of transactions: every transaction belongs to a separate award and trade,
and the extract includes whole registers. Registers and ledger take in the documents in this process, without a broker;
the real program makes the extract, its own verify.py verifies it and `rebuild --verify` the ledger, each in a separate
process. The program that makes it looks for published checkpoints at a broker first. All entities are fictional.
"""

import sys
import zipfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devset.postgres import Postgres
from devset.processes import free_ports
from services.incentive.commands.price_readings import price_readings
from services.incentive.extract.join_verifier import joined_verifier
from shared.settings import RegisterAddress
from shared.values.parties import complete_uscc
from tests.bench.processes import measure
from tests.support.engines.session import new_broker
from tests.support.incentive.extract_makers import Makers
from tests.support.incentive.whole_set import WHITELIST, WholeSet, served, whole_set
from tests.support.registers import worlds
from tests.support.registers.worlds import LOG_KEY

BATCH = 5000
LEDGER = (sys.executable, "-m", "services.incentive")
A_PROVIDERS = 1000  # trades


def extract(folder: Path, transactions: int) -> dict[str, Any]:
    """Measure seconds, processor time and memory to make an extract, with workbooks and without, and to verify it and
    its ledger; its size, and lines per second.
    """
    folder.mkdir()
    with ExitStack() as opened:
        server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        server.start()
        opened.callback(server.stop)
        broker = new_broker(folder / "kafka")
        broker.start()
        opened.callback(broker.stop)
        numbers = count()

        def fresh(service: str) -> tuple[str, str]:
            database = server.ensure_database(f"{service.replace('-', '_')}_{next(numbers)}", "secret")
            return database.owner_url, database.service_url

        made = opened.enter_context(whole_set(fresh, folder))
        feed(made, transactions)
        price_readings(made.ledger)  # as the consumer does in the background
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        makers = Makers(made, {"r1": RegisterAddress(*urls)})
        result: dict[str, Any] = {"transactions": transactions}
        environment = settings_of(makers, folder, f"127.0.0.1:{broker.port}")
        requested(makers, workbooks=False)
        result["made_without_workbooks"] = measure((*LEDGER, "make-extracts"), **environment)
        extract_id = requested(makers, workbooks=True)
        result["made"] = measure((*LEDGER, "make-extracts"), **environment)
        path, keys = taken_home(makers, extract_id, folder), folder / "keys"
        result["mb"], result["lines"] = path.stat().st_size >> 20, lines(path)
        result["lines_per_s"] = round(result["lines"] / result["made"]["s"])
        keys.write_text(makers.keys(), "utf-8")
        program = folder / "verify.py"
        program.write_text(joined_verifier(), "utf-8")
        verify = (sys.executable, "-I", "-S", str(program), "--key", str(keys), str(path))
        result["verified"] = measure(verify)
        result["ledger_verified"] = measure((*LEDGER, "rebuild", "--verify"), **environment)
    return result


def requested(makers: Makers, *, workbooks: bool) -> str:
    body = {"evidence": "registers", "workbooks": workbooks}
    extract_id: str = makers.ask("POST", "/v1/extracts", body=body).get_json()["id"]
    return extract_id


def feed(made: WholeSet, transactions: int) -> None:
    for start in range(0, transactions, BATCH):
        numbers = range(start, min(start + BATCH, transactions))
        made.trade("kmdex", *(worlds.record("trade", "kmdex", trade(number), 0).value for number in numbers))
        made.published.clear()


def trade(number: int) -> dict[str, Any]:
    return {
        "trade_no": f"T{number}",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "amount": f"{1000 + number % 5000}.00",
        "refunded": "0",
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
        # Providers in sequence: each batch recomputes the red flags of all providers whose trades it contains.
        "provider": party(f"9153{number // A_PROVIDERS:013d}", f"虚构供方{number // A_PROVIDERS}"),
        "buyer": party(f"9154{number:013d}", f"虚构买方{number}"),
    }


def party(digits: str, name: str) -> dict[str, str]:
    return {"id_scheme": "uscc", "id": complete_uscc(digits), "name": name}


def settings_of(makers: Makers, folder: Path, kafka: str) -> dict[str, str]:
    """Return the settings of the ledger's programs, as environment variables."""
    key_file, service_key = folder / "signing-key", folder / "service-key"
    key_file.write_bytes(LOG_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key_file.chmod(0o600)
    service_key.write_text("service-key\n", "utf-8")
    address = makers.addresses["r1"]
    return {
        "DATABASE_URL": makers.set.ledger.url.set(drivername="postgresql").render_as_string(hide_password=False),
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "EXCHANGES_FILE": str(WHITELIST),
        "SIGNING_KEY_FILE": str(key_file),
        "SERVICE_KEY_FILE": str(service_key),
        "REGISTERS": f"r1={address.listing},{address.trade_ingest}",
        "TMPDIR": str(folder),
    }


def taken_home(makers: Makers, extract_id: str, folder: Path) -> Path:
    path = folder / "extract.zip"
    with path.open("wb") as file:
        for piece in makers.ask("GET", f"/v1/extracts/{extract_id}/download").iter_encoded():
            file.write(piece)
    return path


def lines(path: Path) -> int:
    """Count the lines of its machine-readable files, balance entries included; `views/` repeat the same rows."""
    with zipfile.ZipFile(path) as archive:
        return sum(
            archive.read(name).count(b"\n")
            for name in archive.namelist()
            if name.startswith("lines/") and "/views/" not in name
        )
