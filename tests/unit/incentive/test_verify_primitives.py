"""The verifier's signatures, notes, trees and values, against RFC 8032 and the services' code; and verify.py."""

import ast
import random
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.incentive.extract.join_verifier import joined_verifier
from services.incentive.verifier.proofs.merkle import PartialTree, peaks_of, root_of, split
from services.incentive.verifier.proofs.signatures import (
    ORDER,
    PRIME,
    SignedCheckpoint,
    decompress,
    ed25519_verifies,
    open_note,
    read_keys,
)
from services.incentive.verifier.report import Unsound, UsageError
from services.incentive.verifier.values import fen, instant, time_text, yuan
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import Edge, leaf_hash, range_hash
from shared.translog.note import SignerKey, sign
from shared.translog.tiles import node_of
from shared.values.times import format_time

# RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc), as public key, message, signature.
RFC_8032 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
            "655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
            "c027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
            "2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
            "d9bef1177331a704"
        ),
    ),
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_ed25519_test_vectors_of_rfc_8032(public: str, message: str, signature: str) -> None:
    found = ed25519_verifies(*map(bytes.fromhex, (public, signature, message)))
    assert found
    assert not ed25519_verifies(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message + "00"))


def test_a_signature_has_one_encoding() -> None:
    """Neither another encoding of its scalar nor a flipped bit verifies."""
    public, signature = KEY.public_key().public_bytes_raw(), KEY.sign(b"x")
    assert ed25519_verifies(public, signature, b"x")
    larger = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not ed25519_verifies(public, signature[:32] + larger, b"x")
    for bit in range(0, 512, 37):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not ed25519_verifies(public, bytes(flipped), b"x")
    assert not ed25519_verifies(public, signature[:-1], b"x")
    assert decompress((PRIME + 1).to_bytes(32, "little")) is None


def test_keys_notes_and_checkpoints_of_the_services_are_read() -> None:
    signer = SignerKey("jiangbu/ledger", KEY)
    keys = read_keys(f"# of the ledger\n\n{signer.verifier}\n")
    checkpoint = Checkpoint("jiangbu/ledger", 3, bytes(range(32)))
    note = str(sign(checkpoint.text(), signer))
    text, name = open_note(note.encode(), keys)
    found = SignedCheckpoint(text)
    assert (name, found.origin, found.size, found.root) == ("jiangbu/ledger", "jiangbu/ledger", 3, bytes(range(32)))
    other = read_keys(str(SignerKey("jiangbu/ledger", Ed25519PrivateKey.generate()).verifier))
    for data, given in ((note, other), (note.replace("\n3\n", "\n4\n"), keys), (note[:-1], keys), (text, keys)):
        with pytest.raises(Unsound):
            open_note(data.encode(), given)


@pytest.mark.parametrize("line", ["", "jiangbu/ledger", "jiangbu/ledger+00000000+AQ==", "a+b+!"])
def test_a_key_file_without_keys_or_with_a_wrong_one_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        read_keys(line)
    good = str(SignerKey("jiangbu/ledger", KEY).verifier)
    assert len(read_keys(good)) == 1
    if line:
        with pytest.raises(UsageError, match="line 2"):
            read_keys(f"{good}\n{line}\n")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 11, 64, 100])
def test_a_tree_of_entries_and_nodes_has_the_root_of_the_log(size: int) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    node = node_of(lambda _, first, count: leaves[first : first + count])
    root = Edge().grown(leaves, 8)[0].root()
    rng = random.Random(size)
    for _ in range(20):
        there = sorted(rng.sample(range(size), rng.randint(0, size)))
        since = rng.randint(0, max(0, size - 1))
        nodes = list(nodes_without(there, since, 0, size, node)) if size else []
        tree = PartialTree("x", size, nodes, ((n, leaves[n]) for n in there), peaks_of(since))
        assert tree.root == root
        assert root_of([tree.kept[peak] for peak in peaks_of(since)]) == (Edge().grown(leaves[:since], 8)[0].root())


def nodes_without(there, since, start, end, node):
    """Yield the largest subtrees without an extracted entry, cut at `since`, computed slowly."""
    is_cut = start < since < end
    if not is_cut and not any(start <= n < end for n in there):
        yield (start, end, range_hash(start, end, node))
    elif end - start > 1:
        middle = start + split(end - start)
        yield from nodes_without(there, since, start, middle, node)
        yield from nodes_without(there, since, middle, end, node)


def test_times_and_amounts_are_read_as_written() -> None:
    for text in ("2026-03-01T10:00:05+08:00", "2026-03-01T02:00:05.5Z", "2025-12-31T23:59:59.999999-11:30"):
        at = datetime.fromisoformat(text)
        assert time_text(instant(text)) == format_time(at)
    assert [fen(text) for text in ("1", "0.5", "-12.34")] == [100, 50, -1234]
    assert [yuan(amount) for amount in (0, -5, 123456)] == ["0.00", "-0.05", "1234.56"]
    for wrong in ("2026-03-01 10:00:05+08:00", "2026-03-01T10:00:05", "2026-02-30T00:00:00Z"):
        with pytest.raises(ValueError, match=r".+"):
            instant(wrong)
    for wrong in ("", "1.234", "1e3", "١"):
        with pytest.raises(ValueError, match=r".+"):
            fen(wrong)


def test_verify_py_runs_in_an_isolated_python(tmp_path: Path) -> None:
    """A folder that is not an extract is unsound; a missing one is a usage error."""
    alone = tmp_path / "verify.py"
    alone.write_text(joined_verifier(), "utf-8")
    keys = tmp_path / "keys"
    keys.write_text(f"{SignerKey('jiangbu/ledger', KEY).verifier}\n", "utf-8")

    def run(*arguments: str) -> int:
        command = [sys.executable, "-I", "-S", str(alone), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert run("--key", str(keys)) == 1
    assert run("--key", str(keys), str(tmp_path / "nowhere.zip")) == 2
    assert run("--key", str(tmp_path / "nowhere")) == 2
    assert run() == 2


def test_verify_py_is_python_3_9_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(joined_verifier(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= sys.stdlib_module_names
    compile(tree, "verify.py", "exec")


def test_no_module_of_the_verifier_redefines_a_name_of_another() -> None:
    names: Counter[str] = Counter()
    for node in ast.parse(joined_verifier()).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names[node.name] += 1
            case ast.Assign():
                names.update(
                    name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)
                )
            case ast.AnnAssign(target=ast.Name(id=name)):
                names[name] += 1
            case ast.Import() | ast.ImportFrom():
                names.update(alias.name for alias in node.names)
    assert [name for name, times in names.items() if times > 1] == []


def test_verify_py_is_the_same_in_every_process() -> None:
    program = "from services.incentive.extract.join_verifier import joined_verifier; print(joined_verifier())"
    done = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    ]
    assert done[0].stdout == done[1].stdout == f"{joined_verifier()}\n".encode()
