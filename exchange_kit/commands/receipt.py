"""`exchange-kit receipt`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from exchange_kit.api import ApiError
from exchange_kit.commands.options import FILE, AskingFailed, exchange_id
from exchange_kit.commands.witness import KEYS, WITNESS_FOLDER, load_keys, tell_alarm
from exchange_kit.reconcile import own_lines
from exchange_kit.records import from_line
from exchange_kit.register import Register, await_handled, registers_of
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.receipt import WELL, Covering, Outcome, Receipt, Search, covering, prove
from exchange_kit.translog.witness import Rewritten, Unverified, Witness
from exchange_kit.translog.witness_folder import FolderError, WitnessFolder
from shared.events.decode import Kind
from shared.settings import SettingsError, load_access_settings
from shared.translog.note import NoteError, VerifierKey
from shared.values.times import now

_OUTCOMES: Final[dict[Outcome, str]] = {
    "in_log": "在日志中 / in the log",
    "duplicate": "与文件中前一行内容相同，以前者为准 / the same content as a line before, which counts",
    "other_record": "登记簿由另一条记录登记了这一版本 / the register has this revision from a record with other bytes",
    "refused": "被拒收 / refused",
    "missing": "登记簿没有 / not there",
    "not_in_log": "登记簿说有，其日志却没有 / the register says that it is there, and its log has it not",
}


@click.command("receipt")
@click.argument("file", type=FILE)
@click.option(
    "--exchange", callback=exchange_id, help="本交易所代号；不填则以文件为准 / your exchange's id, else the file's own"
)
@WITNESS_FOLDER
@KEYS
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象，末行为检查点 / JSON lines, checkpoints last")
def receipt_command(file: Path, exchange: str | None, folder: Path, keys_file: Path | None, *, as_json: bool) -> None:
    """证明文件中每条记录都在登记簿的日志里 / Show that each record of a file is in its register's log.

    证明由本程序自行核算；本机有见证目录时，以见证过的检查点为准。
    退出码：0 都在日志中，1 有的不在，2 无法核对。

    The proofs are worked out here; where there is a witness's folder, against a checkpoint that it saw and cosigned.
    Exit code: 0 all are in the log, 1 some are not, 2 it could not be checked.
    """
    try:
        exchange = exchange or _exchange_of(file)
        registers = {one.kind: one for one in registers_of(exchange, load_access_settings())}
        waiting = await_handled(list(registers.values()))
        unknown, found = _search(file, exchange, registers)
        keys = None if keys_file is None else load_keys(keys_file)
        receipts, checkpoints = _prove(found, registers, keys, _witness(folder.expanduser(), keys))
    except Rewritten as error:
        tell_alarm(error)
        sys.exit(1)
    except (ApiError, SettingsError, FolderError, NoteError, Unverified, OSError) as error:
        raise AskingFailed(str(error)) from error
    (_tell_json if as_json else _tell)(receipts, checkpoints)
    if waiting:
        said = "登记簿还有记录未处理，可稍后再查 / records are not handled yet, ask again later"
        click.echo(f"{said}: {waiting}", err=True)
    if unknown:
        click.echo(f"不是已知类型事件的行 / lines that are no event of a known type: {unknown}", err=True)
    if unknown or any(receipt.outcome not in WELL for receipt in receipts):
        sys.exit(1)


def _exchange_of(file: Path) -> str:
    """The one exchange that the lines name."""
    with file.open("rb") as lines:
        records = (from_line(line, "", None) for line in lines)
        found = {record.exchange for record in records if record is not None} - {""}
    if len(found) != 1:
        raise AskingFailed(f"{file}: 请用 --exchange 指定交易所 / name the exchange with --exchange: {sorted(found)}")
    return found.pop()


def _search(file: Path, exchange: str, registers: dict[Kind, Register]) -> tuple[list[int], list[Receipt]]:
    """Lines of no kind, by number, and what the registers say of the others."""
    unknown, found = [], []
    search = Search(registers)
    with file.open("rb") as lines:
        for kind, judged in own_lines(lines, exchange):
            if kind is None:
                unknown.append(judged.verdict.line)
            else:
                found.append(search.find(kind, judged))
    return unknown, found


def _witness(folder: Path, keys: Sequence[VerifierKey] | None) -> Witness | None:
    """The witness of this machine, if it was ever started."""
    return Witness(WitnessFolder(folder, None), keys, now) if (folder / "vkey").exists() else None


def _prove(
    found: list[Receipt],
    registers: dict[Kind, Register],
    keys: Sequence[VerifierKey] | None,
    witness: Witness | None,
) -> tuple[list[Receipt], list[Covering]]:
    receipts: list[Receipt] = []
    checkpoints = []
    for kind, register in registers.items():
        of_kind = [receipt for receipt in found if receipt.kind == kind]
        if of_kind:
            reader = LogReader(register.api)
            size = max((receipt.index + 1 for receipt in of_kind if receipt.index is not None), default=0)
            checkpoints.append(covering(size, reader, keys, witness))
            receipts += prove(of_kind, reader, checkpoints[-1].checkpoint)
    return sorted(receipts, key=lambda receipt: receipt.line), checkpoints


def _tell(receipts: list[Receipt], checkpoints: list[Covering]) -> None:
    for receipt in receipts:
        click.echo(_text(receipt))
    for outcome, number in Counter(receipt.outcome for receipt in receipts).items():
        click.echo(f"{_OUTCOMES[outcome]}: {number}")
    for one in checkpoints:
        cosigned = f"见证签署 / cosigned by {', '.join(one.cosigners)}" if one.cosigners else "未经见证 / not cosigned"
        root = one.checkpoint.root.hex()
        click.echo(f"检查点 / checkpoint: {one.checkpoint.origin} {one.checkpoint.size} {root}, {cosigned}")


def _text(receipt: Receipt) -> str:
    what = "" if receipt.number is None else f" {receipt.number} r{receipt.revision}"
    place = "" if receipt.index is None else f" seq {receipt.index}"
    reason = "" if receipt.reason is None else f": {receipt.reason}"
    faults = "".join(f"\n  {error.field}: {error.message}" for error in receipt.errors)
    head = f"第 {receipt.line} 行 / line {receipt.line}{what}"
    return f"{head}: {_OUTCOMES[receipt.outcome]}{place}{reason}{faults}"


def _tell_json(receipts: list[Receipt], checkpoints: list[Covering]) -> None:
    for receipt in receipts:
        click.echo(msgspec.json.encode(receipt))
    told = {one.checkpoint.origin: {"note": one.note, "cosigned_by": one.cosigners} for one in checkpoints}
    click.echo(json.dumps({"checkpoints": told}, ensure_ascii=False))
