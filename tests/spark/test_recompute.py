"""The job on Spark against worked cases, the services' decoder and the verifier, all in one computation."""

from __future__ import annotations

import importlib.util
import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from exchange_kit.sample.year import sample_events
from services.incentive.verifier.values import yuan
from shared.events.documents import Trade
from tests.support.case_runs import Run, whitelist
from tests.support.cases import Step, all_cases, differences
from tests.support.paths import ROOT
from tests.support.reading_cases import IN_FORCE, alternatives, tree_by
from tests.support.registers import worlds
from tests.support.spark import by_hand
from tests.support.spark.archives import SentRecord, accepted, awards_of_records, in_order, write_archive
from tests.support.spark.nasty_records import EXCHANGE, nasty_records
from tests.support.spark.nasty_worlds import nasty_world, whitelist_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from jiangbu_spark.policy import ComputedPolicy
    from jiangbu_spark.prices import Affected, Price
    from pyspark.sql import DataFrame, SparkSession

WORLDS, DOCUMENTS = ("wa", "wb", "wc"), 400
SAMPLE, EVENTS = ("kmdex", "dcdex"), 600
NASTY_WORLDS, NASTY_EVENTS = 3, 400
# The fields of an award that the job computes.
SAID = ("ceiling", "payable", "base", "exchange", "year", "suppressed_by")
FIRST_MS = 1_900_000_000_000


class Recomputed(NamedTuple):
    """Everything that was sent, what the job took as documents, and its awards by policy and id.

    Policies: those of `computed_policies`.
    """

    runs: list[tuple[Run, Step]]
    records: list[SentRecord]
    whitelist: str
    registered: set[tuple[str, int]]
    by_policy: dict[str, dict[str, Any]]
    prices: dict[str, Price]
    prices_by_hand: list[Price]
    affected: dict[str, Affected]
    frames: list[DataFrame]

    @property
    def awards(self) -> dict[str, Any]:
        return self.by_policy[IN_FORCE]


def runs_so_far() -> Iterator[tuple[Run, Step]]:
    """A run of each case up to each of its steps, with exchanges and entities of its own."""
    steps = [(case, index) for case in all_cases() for index in range(len(case.steps))]
    for number, (case, index) in enumerate(steps):
        run = Run(number, case, f"{case.file}: {case.name}, step {index}")
        run.batches = [[run.record(event) for step in case.steps[: index + 1] for event in step.events]]
        yield run, case.steps[index]


def sent(runs: list[tuple[Run, Step]]) -> list[SentRecord]:
    every: list[tuple[str, bytes | None, Sequence[tuple[str, bytes]]]] = [
        (event.topic, event.value, ()) for run, _ in runs for batch in run.batches for event in batch
    ]
    for seed, exchange in enumerate(WORLDS):
        world = worlds.random_world(seed, DOCUMENTS, (exchange,))
        for kind, documents in (("listing", world.listings), ("trade", world.trades)):
            for _, data in documents:
                record = worlds.record(kind, exchange, data, 0)
                every.append((record.topic, record.value, ()))
    every += [(one.topic, one.value, one.headers) for one in sample_events(1, SAMPLE, EVENTS, 2026, rubbish=True)]
    for number in range(NASTY_WORLDS):
        every += nasty_world(number, NASTY_EVENTS).records
    return in_order([*every, *nasty_records(), *by_hand.records_by_hand()])


@pytest.fixture(scope="module")
def recomputed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Recomputed:
    from jiangbu_spark.acts import claims  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415
    from jiangbu_spark.ceilings import ceilings_of, in_worlds  # noqa: PLC0415
    from jiangbu_spark.documents import registered  # noqa: PLC0415
    from jiangbu_spark.events import facts_of, sides_of  # noqa: PLC0415
    from jiangbu_spark.policy import read_whitelist  # noqa: PLC0415
    from jiangbu_spark.prices import TOTAL, affected, prices  # noqa: PLC0415
    from jiangbu_spark.recompute import accepted_of, awards_of, kept_facts, states_of  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("archive")
    runs = list(runs_so_far())
    records = sent(runs)
    write_archive(folder, records)
    listed = yaml.safe_load(whitelist([run for run, _ in runs]))
    listed += [
        {
            "id": exchange, "name": exchange, "from": "2019-01-01",
            "operators": [{"uscc": worlds.uscc(number), "name": "虚构运营", "from": "2019-01-01"}],
        }
        for number, exchange in enumerate((*WORLDS, *SAMPLE, EXCHANGE, *by_hand.EXCHANGES), 900)
    ]  # fmt: skip
    text = yaml.safe_dump([*listed, *yaml.safe_load(whitelist_text())], allow_unicode=True)
    archive = ParquetArchive(spark, str(folder))
    named, exchanges = computed_policies(), read_whitelist(text)
    policies = list(named.values())
    documents = accepted_of(archive.records())
    states = states_of(documents)
    facts = kept_facts(states, exchanges, policies)
    awards = awards_of(facts, archive, policies, exchanges).persist()
    by_policy: dict[str, dict[str, Any]] = {name: {} for name in named}
    for row in awards.collect():
        for place in row.policies:
            by_policy[list(named)[place]][row.award_id] = row
    totals = {one.policy: one for one in prices(awards, list(named)) if one.dimension == TOTAL}
    those = ", ".join(f"'{exchange}'" for exchange in by_hand.EXCHANGES)
    prices_by_hand = prices(awards.where(f"exchange IN ({those})"), list(named))
    places = {(row.topic, row.offset) for row in registered(documents).select("topic", "offset").collect()}
    sides = sides_of(states.trades, exchanges, policies[0].cuts)
    of_documents = facts_of(states.listings, states.trades, sides, exchanges, policies[0].cuts)
    frames = [
        *(of_documents.first_listings, of_documents.first_purchases),
        *(of_documents.provider_totals, of_documents.exchange_totals),
        in_worlds(claims(ceilings_of(facts, archive.declarations(), policies, exchanges), archive.acts()), policies),
    ]
    counts = affected(awards, list(named))
    return Recomputed(runs, records, text, places, by_policy, totals, prices_by_hand, counts, frames)


def computed_policies() -> dict[str, ComputedPolicy]:
    """The policy file in force, and by each alternative of clauses and event rules that the job computes.

    Names: those of `reading_cases`.
    """
    from jiangbu_spark.policy import UncomputedError, policy_of  # noqa: PLC0415 - as above
    from jiangbu_spark.readings import OF_NO_AMOUNT  # noqa: PLC0415

    found = {}
    for name in (IN_FORCE, *alternatives()):
        clause = name.removeprefix("general.").partition("=")[0]
        if not name.startswith("declared.") and clause not in OF_NO_AMOUNT:
            with suppress(UncomputedError):
                found[name] = policy_of(tree_by(name))
    return found


def as_api(award: Any) -> dict[str, Any]:
    """The members of the API's award that the job says."""
    return {
        "award_id": award.award_id, "ceiling": yuan(award.ceiling_fen), "payable": yuan(award.payable_fen),
        "base": yuan(int(award.base_fen)), "exchange": award.exchange, "year": award.year,
        "suppressed_by": award.suppressed_by,
    }  # fmt: skip


def test_every_step_of_every_case_is_as_it_expects(recomputed: Recomputed) -> None:
    found = {name: as_api(award) for name, award in recomputed.awards.items()}
    problems = []
    for run, step in recomputed.runs:
        marks = tuple(run.originals)
        mine = {}
        for name, award in found.items():
            if any(mark in name for mark in marks):
                texts = {
                    member: run.original(value) if isinstance(value, str) else value for member, value in award.items()
                }
                mine[texts["award_id"]] = texts
        said = {
            award_id: {member: value for member, value in members.items() if member in SAID}
            for award_id, members in step.expect.items()
        }
        problems += [f"{run.name}: {line}" for line in differences(replace(step, expect=said), mine)]
    assert problems == []


def test_documents_are_those_that_intake_accepts(recomputed: Recomputed) -> None:
    first: dict[tuple[Any, ...], SentRecord] = {}
    for record, document in accepted(recomputed.records):
        number = document.trade_no if isinstance(document, Trade) else document.listing_no
        first.setdefault((record.topic, number, document.revision), record)
    expected = {(record.topic, record.offset) for record in first.values()}
    values = {(record.topic, record.offset): (record.value or b"")[:300] for record in recomputed.records}
    assert {values[place] for place in expected - recomputed.registered} == set()
    assert {values[place] for place in recomputed.registered - expected} == set()


def test_awards_are_those_of_the_verifier_by_every_policy(recomputed: Recomputed) -> None:
    trees = {name: tree_by(name) for name in recomputed.by_policy}
    expected = awards_of_records(recomputed.records, recomputed.whitelist, trees)
    assert len(expected[IN_FORCE]) > len(recomputed.runs)
    for name, awards in expected.items():
        assert {
            award_id: (
                one.rule, one.subject, one.exchange, one.year, one.base, one.ceiling, one.payable, one.suppressed_by,
            )
            for award_id, one in awards.items()
        } == {
            award_id: (
                one.rule, one.subject, one.exchange, one.year, int(one.base_fen), one.ceiling_fen, one.payable_fen,
                one.suppressed_by,
            )
            for award_id, one in recomputed.by_policy[name].items()
        }, name  # fmt: skip


def test_prices_are_the_sums_of_awards(recomputed: Recomputed) -> None:
    payable = {name: payables_by_subject(awards.values()) for name, awards in recomputed.by_policy.items()}
    first = payable[IN_FORCE]
    assert sum(first.values()) > 0
    for name, sums in payable.items():
        price, found = recomputed.prices[name], recomputed.by_policy[name].values()
        assert (price.awards, price.ceiling) == (len(found), sum(one.ceiling_fen for one in found))
        assert (price.payable, price.difference) == (sum(sums.values()), sum(sums.values()) - sum(first.values()))
        changes = [sums.get(subject, 0) - first.get(subject, 0) for subject in sums.keys() | first.keys()]
        assert recomputed.affected[name] == (sum(one > 0 for one in changes), sum(one < 0 for one in changes)), name


def test_awards_are_distributed_as_worked_by_hand(recomputed: Recomputed) -> None:
    found: dict[str, dict[str, tuple[int, int]]] = {}
    less = set()
    for one in recomputed.prices_by_hand:
        if one.policy == IN_FORCE:
            found.setdefault(one.dimension, {})[one.value] = (one.awards, one.payable)
            assert (one.ceiling, one.difference) == (one.payable, 0)
        if one.policy == by_hand.TO_THE_YUAN and one.difference:
            assert one.difference == -by_hand.LESS_FEN
            less.add((one.dimension, one.value))
    assert {name: list(values.items()) for name, values in found.items() if name != "kind"} == {
        name: list(values.items()) for name, values in by_hand.PRICES.items()
    }
    assert {one for one in less if one[0] != "kind"} == by_hand.LESS


def test_the_notebook_tells_the_same_prices(recomputed: Recomputed, spark: SparkSession, tmp_path: Path) -> None:
    """Over an archive of its own, with the documents of the exchanges whose prices are worked by hand."""
    from jiangbu_spark.archive import has_few_records  # noqa: PLC0415 - as above
    from jiangbu_spark.plots import TITLES  # noqa: PLC0415
    from jiangbu_spark.prices import TOTAL  # noqa: PLC0415

    found = importlib.util.spec_from_file_location("notebook", ROOT / "spark/notebooks/prices.py")
    assert found is not None
    assert found.loader is not None
    notebook = importlib.util.module_from_spec(found)
    found.loader.exec_module(notebook)
    write_archive(tmp_path / "archive", in_order(by_hand.records_by_hand()))
    assert has_few_records(str(tmp_path / "archive"))
    files = [tmp_path / f"{name}.yaml" for name in (IN_FORCE, by_hand.TO_THE_YUAN)]
    for file in files:
        file.write_text(yaml.safe_dump(tree_by(file.stem), allow_unicode=True, sort_keys=False), "utf-8")
    (tmp_path / "exchanges.yaml").write_text(recomputed.whitelist, "utf-8")
    _, shown = notebook.app.run(
        defs={
            "spark": spark, "master": "", "place": str(tmp_path / "archive"), "policies": files,
            "whitelist": tmp_path / "exchanges.yaml", "with_alternatives": False,
        }
    )  # fmt: skip
    names = {file.stem for file in files}
    assert [tuple(one.values()) for one in shown["table"]] == [
        one.row() for one in recomputed.prices_by_hand if one.policy in names
    ]
    assert shown["plots"].keys() == TITLES.keys()
    for name, plot in {**shown["plots"], TOTAL: shown["policies_plot"]}.items():
        with warnings.catch_warnings(action="error"):  # of a character that no font has
            plot.savefig(tmp_path / f"{name}.png")
    [bars] = shown["plots"]["traded"].axes[0].containers
    yuan = [fen / 1_000_000 for _, fen in by_hand.PRICES["traded"].values()]
    assert [bar.get_width() for bar in bars] == pytest.approx(yuan)
    [bar] = shown["policies_plot"].axes[0].containers[0]
    assert bar.get_width() == pytest.approx(-by_hand.LESS_FEN / 1_000_000)


def payables_by_subject(awards: Iterable[Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in awards:
        found[one.subject] += one.payable_fen
    return found


def test_the_plans_have_no_product_and_no_function_of_python(recomputed: Recomputed) -> None:
    """Tables that grow with the documents are read once and joined by hash or by order, and Python computes nothing."""
    for frame in recomputed.frames:
        plan = frame._jdf.queryExecution().toString()  # noqa: SLF001 - what explain() prints
        assert "Aggregate" in plan or "Window" in plan
        for operator in ("CartesianProduct", "BroadcastNestedLoopJoin", "Python"):
            assert operator not in plan
