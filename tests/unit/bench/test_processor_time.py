"""Attribution of processor time to programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.steady.processor_time import (
    Backend,
    ProcessorTime,
    Usage,
    backend_of,
    backend_program,
    program_of,
    spent,
)

CONSUME = ["python", "-m", "services.trade_ingest", "consume"]
SET = ["python", "-m", "devset.up", "--json"]


@pytest.mark.parametrize(
    ("command", "parent", "program"),
    [
        (SET, None, "supervisor"),
        (CONSUME, (SET, "supervisor"), "trade-ingest consume"),
        (CONSUME, (CONSUME, "trade-ingest consume"), "trade-ingest send"),
        (["python", "-m", "services.incentive", "price-readings"], (CONSUME, "x"), "incentive price-readings"),
        (["/opt/jdk/bin/java", "-Xmx384m"], (SET, "supervisor"), "kafka"),
        (["/opt/bin/postgres", "-D", "data"], (SET, "supervisor"), "postgres"),
        (["postgres: checkpointer "], (["/opt/bin/postgres"], "postgres"), "postgres"),
        (["python", "-c", "from multiprocessing"], (CONSUME, "trade-ingest consume"), "trade-ingest consume"),
    ],
)
def test_a_program_is_named_by_its_command(
    command: list[str], parent: tuple[list[str], str] | None, program: str
) -> None:
    assert program_of(command, parent) == program


def test_workers_of_an_api_are_the_api() -> None:
    serve = ["python", "-m", "services.listing", "serve", "--bind", "127.0.0.1:1"]
    assert program_of(serve, (serve, "listing serve")) == "listing serve"


def test_a_session_belongs_to_the_program_at_its_other_end() -> None:
    backend = backend_of("postgres: listing_service listing 127.0.0.1(40123) idle in transaction")
    assert backend == Backend("listing_service", "listing", 40123)
    assert backend_program(backend, {40123: "listing send"}) == "postgres of listing send"
    assert backend_program(backend, {}) == "postgres of listing"


def test_what_is_no_session() -> None:
    assert backend_of("postgres: walwriter ") is None
    assert backend_of("java") is None


def test_an_ended_child_counts_for_the_program_that_waited_for_it() -> None:
    before = {1: Usage(0, "postgres", 1.0, 0.0), 2: Usage(1, "postgres of listing", 3.0, 0.0)}
    after = {1: Usage(0, "postgres", 1.5, 4.0), 3: Usage(1, "postgres of listing", 0.25, 0.0)}
    assert spent(before, after) == {"postgres": 1.5, "postgres of listing": 0.25}


def test_what_a_session_used_before_a_sample_counts_for_its_program() -> None:
    used = ProcessorTime({1: Usage(0, "postgres", 1.0, 0.0)})
    used.observe({1: Usage(0, "postgres", 1.0, 0.0), 2: Usage(1, "postgres of listing", 3.0, 0.0)})
    used.observe({1: Usage(0, "postgres", 1.5, 3.25)})
    assert used.by_program == {"postgres": 0.75, "postgres of listing": 3.0}


SECONDS = st.integers(0, 1_000).map(lambda ticks: ticks / 64)  # exact in binary


@st.composite
def ended_children(draw: st.DrawFn) -> tuple[dict[int, Usage], dict[int, Usage], float]:
    """Draw two samples of processes of which some ended and some began, and the seconds that all used meanwhile."""
    before, after, used = {1: Usage(0, "root", draw(SECONDS), 0.0)}, {}, 0.0
    root_s, waited_s = draw(SECONDS), 0.0
    for pid in range(2, draw(st.integers(2, 8))):
        program, had_s, more_s = draw(st.sampled_from("abc")), draw(SECONDS), draw(SECONDS)
        fate = draw(st.sampled_from(("stays", "ends", "begins", "flits")))
        used += more_s
        if fate in ("stays", "ends"):
            before[pid] = Usage(1, program, had_s, 0.0)
        had_s = had_s if pid in before else 0.0
        if fate in ("stays", "begins"):
            after[pid] = Usage(1, program, had_s + more_s, 0.0)
        else:
            waited_s += had_s + more_s
    after[1] = Usage(0, "root", before[1].own_s + root_s, waited_s)
    return before, after, used + root_s


@given(ended_children())
def test_no_time_is_lost_or_counted_twice(case: tuple[dict[int, Usage], dict[int, Usage], float]) -> None:
    before, after, used = case
    found = spent(before, after)
    assert sum(found.values()) == used
    assert all(seconds >= 0 for seconds in found.values())
