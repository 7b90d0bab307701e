"""L6 on the pairwise covering set, by the workers that a user has: one tape with one thread or two,
in pieces of any size, by either loop, in processes, and on Ray.

Prices are drawn here, as in a run, from the Case's scenario at fifty times its volatility.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from test_l6_compiled import COMPILED
from test_l6_pairwise import ROWS, case_of, small
from test_l6_same_tape import assert_same

from seawall.cascade.engine import Runs, World, prepare
from seawall.cascade.pieces import job as job_module
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cascade.pieces.job import Grain, Job
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import Loop
from seawall.cascade.pieces.run import run_job
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape

PATHS, STEPS = 5, 8
STORM = (World(volatility=50.0),)
RUNS = Runs(np.arange(PATHS), np.zeros(PATHS, dtype=np.int64))
EVERY = range(len(ROWS))
# With two workers: 3 and 2 paths, or one path a piece.
HALVES, ONE_EACH = Grain(1, 3 * STEPS, 1), Grain(1, STEPS, 1)


def job_of(setup: Setup, number: int, loop: Loop) -> Job[Tape]:
    return Job(setup, STORM, RUNS, STEPS, number, loop, WHOLE)


def cut(patch: pytest.MonkeyPatch, grain: Grain) -> None:
    patch.setattr(job_module, "GRAINS", dict.fromkeys(Loop, grain))


def hold(number: int, ways: list[tuple[Loop, Compute, Grain]]) -> int:
    """Hold a row's tape in all these ways to that of the plain loop, whole; how many events."""
    setup = prepare(case_of(ROWS[number], small(200 + number))[0])
    plain = job_of(setup, number, Loop.PLAIN).runner()((0, PATHS))
    for loop, compute, grain in ways:
        with pytest.MonkeyPatch.context() as patch:
            cut(patch, grain)
            other = run_job(job_of(setup, number, loop), compute)
        assert_same(other, plain, f"{COMPILED}, in pieces, by {compute.workers} workers")
    return int(plain.path.size)


TWO_THREADS = [
    (Loop.FAST, Compute(Engine.FAST, 1), ONE_EACH),
    (Loop.FAST, Compute(Engine.FAST, 2), HALVES),
    (Loop.FAST, Compute(Engine.FAST, 2), ONE_EACH),
]


def test_threads_and_pieces() -> None:
    """One row, quickly; all of them below."""
    assert hold(24, TWO_THREADS) > 50


@pytest.mark.slow
@pytest.mark.parametrize("first", range(8))
def test_every_row_in_threads_and_processes(first: int) -> None:
    plain = [
        (Loop.PLAIN, Compute(Engine.PLAIN, 2), HALVES),
        (Loop.PLAIN, Compute(Engine.PLAIN, 1), ONE_EACH),
    ]
    assert sum(hold(number, TWO_THREADS + plain) for number in EVERY[first::8]) > 50


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A local Ray of two workers for all rows."""
    ray = pytest.importorskip("ray", reason="Ray is not installed; the development lock has it")
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    ray.init(address="local", num_cpus=2, **quiet)
    yield
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("loop", Loop)
def test_every_row_on_ray(loop: Loop) -> None:
    way = (loop, Compute(Engine.RAY), ONE_EACH)
    assert sum(hold(number, [way]) for number in EVERY) > 500
