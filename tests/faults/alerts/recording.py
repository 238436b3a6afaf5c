"""Scraped figures as Prometheus stores them: a sample of each series every quarter of a minute."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import requests
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

STEP_S = 15
# Before its first sample the set was as at that sample, for longer than the offsets and windows of the rules look back.
HISTORY_STEPS = 80
# Longer than that of deploy/watch/prometheus.yml: a busy machine is no fault.
_ANSWERS_WITHIN_S = 60.0

Name = tuple[str, tuple[tuple[str, str], ...]]  # of a series: its metric, and its labels in order


@dataclass(frozen=True)
class Target:
    """Something that is scraped. `read` returns its exposition; an OSError means that it is down.

    `service` is empty for what belongs to none.
    """

    read: Callable[[], str]
    service: str
    instance: str
    job: str = "jiangbu"

    def scrape(self) -> dict[Name, float]:
        """Return the values by series, `up` among them."""
        own = {"instance": self.instance, "job": self.job} | ({"service": self.service} if self.service else {})
        try:
            exposition = self.read()
        except OSError:
            return {_named("up", own): 0.0}
        samples = [sample for family in text_string_to_metric_families(exposition) for sample in family.samples]
        ours = [sample for sample in samples if sample.name.startswith("jiangbu_")]
        return {_named(one.name, {**one.labels, **own}): one.value for one in ours} | {_named("up", own): 1.0}


def read_api(url: str, key: str) -> str:
    """Return the metrics of an API. requests.RequestException, which is an OSError."""
    answer = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=_ANSWERS_WITHIN_S)
    answer.raise_for_status()
    return answer.text


@dataclass
class Recording:
    """The samples of all series, by step."""

    steps: int = 0
    _series: dict[Name, dict[int, float]] = field(default_factory=dict)

    def take(self, targets: Sequence[Target]) -> None:
        """Scrape all targets at once: one that is slow must not make the others late."""
        with ThreadPoolExecutor(max(1, len(targets))) as pool:
            for scraped in pool.map(Target.scrape, targets):
                for name, value in scraped.items():
                    self._series.setdefault(name, {})[self.steps] = value
        self.steps += 1

    @property
    def is_well(self) -> bool:
        """True if the last scrape reached every target, and every part of the set."""
        last = self.steps - 1
        flags = ("up", "jiangbu_up", "jiangbu_ready")
        return all(samples.get(last, 1) == 1 for (name, _), samples in self._series.items() if name in flags)

    def latest(self, metric: str, service: str, back: int = 0) -> float | None:
        """Return the greatest value of a metric of a service `back` steps before the last; None if it was not told."""
        step = self.steps - 1 - back
        found = [
            samples[step]
            for (name, labels), samples in self._series.items()
            if name == metric and ("service", service) in labels and step in samples
        ]
        return max(found, default=None)

    def input_series(self) -> list[dict[str, str]]:
        """Return the series as tests of promtool have them, with the first sample repeated before it."""
        return [
            {"series": _written(name), "values": " ".join(_values(samples, self.steps))}
            for name, samples in sorted(self._series.items())
        ]


def _named(metric: str, labels: Mapping[str, str]) -> Name:
    return metric, tuple(sorted(labels.items()))


def _written(name: Name) -> str:
    metric, labels = name
    quoted = [f'{label}="{value.replace(chr(92), chr(92) * 2)}"' for label, value in labels]
    return f"{metric}{{{', '.join(quoted)}}}"


def _values(samples: Mapping[int, float], steps: int) -> Iterator[str]:
    """Yield the values: a series that is no longer told is stale, as Prometheus marks it."""
    said = [_number(samples[0]) if 0 in samples else "_"] * HISTORY_STEPS
    for step in range(steps):
        if step in samples:
            said.append(_number(samples[step]))
        else:
            said.append("stale" if step - 1 in samples else "_")
    for value, run in groupby(said):
        count = len(list(run))
        yield value if count == 1 or value == "stale" else f"{value}x{count - (value != '_')}"


def _number(value: float) -> str:
    """Return a number without an exponent, which promtool does not read."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
