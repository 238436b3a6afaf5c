"""Merkle trees against the definitions of RFC 6962 spelled out, and against published roots."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.translog.merkle import (
    EMPTY_ROOT,
    Edge,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_hash,
)
from shared.translog.tiles import node_of

KNOWN_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaves_of = st.integers(1, 700).map(lambda n: [leaf_hash(b"%d" % i) for i in range(n)])


def mth(leaves: list[bytes]) -> bytes:
    """Compute the Merkle tree hash exactly as defined in RFC 6962, 2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def node_in(leaves: list[bytes]):
    _, levels = Edge().grown(leaves, 8)
    return node_of(lambda level, first, count: levels[level][first : first + count])


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size) -> None:
    edge, _ = Edge().grown([leaf_hash(leaf) for leaf in KNOWN_LEAVES[:size]], 8)
    assert edge.root().hex() == KNOWN_ROOTS[size - 1]


def test_the_empty_tree() -> None:
    assert Edge().root() == EMPTY_ROOT == sha256(b"").digest()
    assert range_hash(0, 0, node_in([])) == EMPTY_ROOT


@given(leaves_of, st.data())
def test_growth_in_any_steps_is_one_tree(leaves, data) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    first, before = Edge().grown(leaves[:cut], 8)
    edge, after = first.grown(leaves[cut:], 8)
    assert (edge.size, edge.root()) == (len(leaves), mth(leaves))
    assert first.root() == mth(leaves[:cut])
    _, whole = Edge().grown(leaves, 8)
    for level, hashes in enumerate(whole):
        assert [h for part in (before, after) if level < len(part) for h in part[level]] == hashes
        assert len(hashes) == len(leaves) >> 8 * level
    assert range_hash(0, len(leaves), node_in(leaves)) == mth(leaves)


@given(leaves_of, st.data())
def test_inclusion(leaves, data) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(index, len(leaves), node_in(leaves))
    assert proof == path(index, leaves)
    check_inclusion(leaves[index], index, len(leaves), proof, mth(leaves))
    wrong = data.draw(st.integers(0, len(leaves) + 1).filter(lambda other: other != index))
    with pytest.raises(ProofError):
        check_inclusion(leaves[index], wrong, len(leaves), proof, mth(leaves))


@given(leaves_of, st.data())
def test_consistency(leaves, data) -> None:
    old = data.draw(st.integers(0, len(leaves)))
    proof = consistency_proof(old, len(leaves), node_in(leaves))
    if old:
        assert proof == subproof(old, leaves, True)
    check_consistency(old, len(leaves), proof, mth(leaves[:old]), mth(leaves))
    if old > 0:
        with pytest.raises(ProofError):
            check_consistency(old, len(leaves), proof, leaf_hash(b"another"), mth(leaves))


@given(leaves_of, st.data())
def test_a_changed_proof_leads_nowhere(leaves, data) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    old = data.draw(st.integers(1, len(leaves)))
    node = node_in(leaves)
    included, consistent = inclusion_proof(index, len(leaves), node), consistency_proof(old, len(leaves), node)
    for proof in (included, consistent):
        change = data.draw(st.sampled_from(("drop", "add", "flip")))
        at = data.draw(st.integers(0, len(proof)))
        if change == "add":
            proof.insert(at, data.draw(st.sampled_from((EMPTY_ROOT, *proof))))
        elif at == len(proof):
            proof.append(EMPTY_ROOT)
        elif change == "drop":
            del proof[at]
        else:
            proof[at] = proof[at][:-1] + bytes((proof[at][-1] ^ 1,))
    with pytest.raises(ProofError):
        check_inclusion(leaves[index], index, len(leaves), included, mth(leaves))
    with pytest.raises(ProofError):
        check_consistency(old, len(leaves), consistent, mth(leaves[:old]), mth(leaves))


def test_what_is_not_there_has_no_proof() -> None:
    leaves = [leaf_hash(b"")] * 5
    node = node_in(leaves)
    with pytest.raises(ValueError, match="no leaf 5"):
        inclusion_proof(5, 5, node)
    with pytest.raises(ValueError, match="no tree of 6"):
        consistency_proof(6, 5, node)
    with pytest.raises(ValueError, match="2 peaks, not 1"):
        Edge(3, (EMPTY_ROOT,))
