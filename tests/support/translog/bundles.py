"""Decoding of entry bundles (C2SP tlog-tiles), which the product only encodes."""


def parse_bundle(bundle: bytes) -> list[bytes]:
    """Decode the entries of a bundle. ValueError if it ends inside an entry."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise ValueError(f"the bundle ends inside entry {len(entries)}")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries
