"""Signed notes, checkpoints and cosignatures: the published example, and every way to be invalid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.translog.checkpoint import Checkpoint, cosign, cosigned_at, open_checkpoint, witness_key
from shared.translog.note import Note, NoteError, SignerKey, VerifierKey, open_note, parse_note, sign

# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SignerKey("example.org/log", PRIVATE)
CHECKPOINT = Checkpoint("example.org/log", 12, bytes(32))


def test_the_published_example() -> None:
    key = VerifierKey.parse(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    assert str(open_note(EXAMPLE_NOTE, [key])) == EXAMPLE_NOTE


def test_a_signed_note_opens() -> None:
    note = sign("a\n\nb\n", KEY)
    assert str(note).startswith("a\n\nb\n\n— example.org/log ")
    assert open_note(str(note), [VerifierKey.parse(str(KEY.verifier))]) == note


def test_every_flipped_bit_is_found() -> None:
    signed = str(sign(CHECKPOINT.text(), KEY)).encode()
    for place in range(8 * len(signed)):
        data = bytearray(signed)
        data[place // 8] ^= 1 << place % 8
        with pytest.raises(NoteError):
            open_note(bytes(data), [KEY.verifier])


def test_keys_that_are_not_known_do_not_count() -> None:
    other = SignerKey("example.org/other", PRIVATE)
    note = sign("a\n", KEY)
    with pytest.raises(NoteError, match="no signature by a known key"):
        open_note(str(note), [other.verifier])
    both = replace(note, signatures=(other.signature("wrong\n"), *note.signatures))
    assert open_note(str(both), [KEY.verifier]).signatures == note.signatures
    with pytest.raises(NoteError, match="does not verify"):
        open_note(str(both), [KEY.verifier, other.verifier])


@pytest.mark.parametrize(
    "data",
    [
        "",
        "a\n",
        "a\n\n",
        "a\n— example.org/log AAAAAAA=\n",
        "a\n\n— example.org/log AAAAAAA=",
        "a\n\n- example.org/log AAAAAAA=\n",
        "a\n\n— example.org/log AAAA\n",
        "a\n\n— example.org/log !AAAAAA=\n",
        "a\n\n— a+b AAAAAAA=\n",
        "a\tb\n\n— example.org/log AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 example.org/log AAAAAAA=\n",
    ],
)
def test_what_is_no_note(data) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        EXAMPLE_KEY.replace("c74f", "c74e"),
        EXAMPLE_KEY.replace("PeterNeumann", "Peter Neumann"),
        EXAMPLE_KEY[:-4],
        "PeterNeumann+c74f20a3+",
    ],
)
def test_what_is_no_key(text) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


def test_a_checkpoint() -> None:
    assert CHECKPOINT.text() == f"example.org/log\n12\n{'A' * 43}=\n"
    assert Checkpoint.parse(CHECKPOINT.text()) == CHECKPOINT
    assert Checkpoint.parse(CHECKPOINT.text() + "an extension\n") == CHECKPOINT
    assert open_checkpoint(str(sign(CHECKPOINT.text(), KEY)), [KEY.verifier]) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n12\n",
        f"origin\n012\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"origin\n١\n{'A' * 43}=\n",
        f"origin\n12\n{'A' * 42}B=\n",
        f"origin\n12\n{'A' * 40}\n",
        f"\n12\n{'A' * 43}=\n",
        f"origin\n12\n{'A' * 43}=\n\nafter\n",
        f"origin\n12\n{'A' * 43}=",
    ],
)
def test_what_is_no_checkpoint(text) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_checkpoint_is_signed_under_its_origin() -> None:
    other = SignerKey("example.org/other", PRIVATE)
    with pytest.raises(NoteError, match="not signed under that name"):
        open_checkpoint(str(sign(CHECKPOINT.text(), other)), [other.verifier])


def test_a_cosignature() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    key = VerifierKey.parse(str(witness_key("example.org/witness", witness)))
    note = cosign(sign(CHECKPOINT.text(), KEY), "example.org/witness", witness, 1_700_000_000)
    assert cosigned_at(note, key) == 1_700_000_000
    assert cosigned_at(parse_note(str(note)), key) == 1_700_000_000
    assert open_checkpoint(str(note), [KEY.verifier, key]) == CHECKPOINT
    own, cosignature = note.signatures
    later = replace(cosignature, value=bytes(8) + cosignature.value[8:])
    assert cosigned_at(Note(note.text, (own, later)), key) is None
    assert cosigned_at(Note(CHECKPOINT.text().replace("12", "13"), note.signatures), key) is None
    assert cosigned_at(sign(CHECKPOINT.text(), KEY), key) is None


def test_a_cosignature_is_no_signature_of_the_log() -> None:
    key = witness_key(KEY.name, PRIVATE)
    note = cosign(Note(CHECKPOINT.text()), KEY.name, PRIVATE, 1)
    with pytest.raises(NoteError, match="no signature by a known key"):
        open_checkpoint(str(note), [key, KEY.verifier])
