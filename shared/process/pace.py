"""One law for how often a worker starts a round: a batch, a round of a sender, a fetch.

A round has a fixed cost, however little it carries. So the time from one start to the next follows what rounds cost: a
worker whose rounds are cheap starts them often, one whose rounds are dear carries more in each, and one that finds
nothing looks less and less often. Durations go in and come out; nothing here reads a clock.
"""

from typing import Final, NamedTuple

_HALF: Final = 0.5


class Pace(NamedTuple):
    """The bounds of one kind of worker, in seconds.

    `share` of the time is spent in rounds, where the interval of rounds lies between `least_s` and `most_s`. Where
    rounds may be longer than that, a worker rests by `rest_s`, and `most_s` bounds the rest. A worker that finds
    nothing looks again after `idle_s` at the latest.
    """

    share: float
    least_s: float
    most_s: float
    idle_s: float = 1.0

    def interval_s(self, took_s: float) -> float:
        """Return the time from the start of rounds that take so long to the start of the next."""
        return min(max(took_s / self.share, self.least_s), self.most_s)

    def rest_s(self, took_s: float) -> float:
        """Return the time from the end of a round that took so long to the start of the next, at most `most_s`."""
        return min(max(took_s / self.share, self.least_s) - took_s, self.most_s)


class Rhythm:
    """The rounds of one worker so far, as far as the next one depends on them."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.interval_s = pace.least_s  # from the start of a round to the earliest start of the next
        self.look_s = pace.most_s  # from then on, without a sign of work

    def observe(self, found: int, took_s: float) -> None:
        """Take a round into account: how much it found, and its duration.

        One slow round does not slow down the next ones: the interval goes half of the way.
        """
        wanted_s = self._pace.interval_s(took_s) if found else self._pace.least_s
        self.interval_s += (wanted_s - self.interval_s) * _HALF
        self.look_s = self._pace.most_s if found else min(self.look_s * 2, self._pace.idle_s)
