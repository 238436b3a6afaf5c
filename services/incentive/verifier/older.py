"""An older extract that this one must continue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .bundle import Bundle, check_manifest, has_all_awards, open_checkpoint
from .ledger import read_balances
from .merkle import peaks_of, root_of
from .report import Unsound
from .signatures import GivenKeys, SignedCheckpoint
from .values import Span


class OlderExtract:
    """Its signed checkpoints by origin, and its balances if they are of all awards."""

    def __init__(self, path: str, keys: GivenKeys) -> None:
        with Bundle(path) as bundle:
            manifest = check_manifest(bundle, keys)
            self.checkpoints = {log["origin"]: open_checkpoint(bundle, log, keys) for log in manifest["logs"]}
            self.size = manifest["size"]
            self.balances = read_balances(bundle, manifest) if has_all_awards(manifest["request"]) else None

    def wanted(self, origin: str) -> Iterable[Span]:
        """The subtrees whose hashes show that a log continues."""
        return peaks_of(self.checkpoints[origin].size) if origin in self.checkpoints else ()

    def is_continued(self, file: str, now: SignedCheckpoint, kept: Mapping[Span, bytes]) -> bool:
        """Return True if a log is shown to continue, False if this extract cannot show it; Unsound if it does not."""
        then = self.checkpoints.get(now.origin)
        if then is None:
            return False
        if then.size > now.size:
            raise Unsound("日志比旧核验包短", "the log is shorter than in the older extract", now.origin, file=file)
        peaks = peaks_of(then.size)
        if then.size == now.size:
            root = now.root
        elif all(peak in kept for peak in peaks):
            root = root_of([kept[peak] for peak in peaks])
        else:
            return False
        if root != then.root:
            raise Unsound("历史被改写", "history was rewritten", now.origin, file=file)
        return True
