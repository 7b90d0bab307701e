"""Several runs of one Case side by side: the base, other crowds, other volatility and depth.

Runs share random numbers and nothing else, so they go to two processes where the system can fork
one; the results are the same bits either way.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from seawall.case import Case
from seawall.cascade.engine import World, prepare, scaled, simulate
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.exposure.impairment import Impairment
from seawall.exposure.curve import impairments

MAX_WORKERS = 2


@dataclass(frozen=True)
class Job:
    """One run: a world, how many steps and paths, and the seed of the paths."""

    world: World
    steps: int
    paths: int
    seed: int


def run_job(case: Case, setup: Setup, job: Job) -> Tape:
    """Run one job; ``setup`` is the base world's, reused where the crowd is the same."""
    if job.world.leverage == "base":
        compiled = scaled(setup, job.world)
    else:
        compiled = prepare(case, job.world, setup.step_seconds)
    return simulate(
        compiled, job.world, steps=job.steps, paths=np.arange(job.paths), seed=job.seed
    )


def first_steps(case: Case, setup: Setup, job: Job) -> dict[str, np.ndarray]:
    """First impairment step (p,) of every scope in one world: all that the intervals need."""
    tape = run_job(case, setup, job)
    found: dict[str, tuple[str, Impairment]] = impairments(setup, tape)
    return {scope: impairment.step for scope, (_, impairment) in found.items()}


def _forks() -> bool:
    """True where child processes start from this one's memory, and there is a core to gain."""
    cores = os.cpu_count() or 1
    return sys.platform.startswith("linux") and cores > 1 and "fork" in (
        multiprocessing.get_all_start_methods()
    )


_shared: tuple[Case, Setup] | None = None


def _child(job: Job) -> dict[str, np.ndarray]:
    assert _shared is not None
    return first_steps(*_shared, job)


def run_all(
    case: Case,
    setup: Setup,
    base: Job,
    others: list[Job],
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Tape, list[dict[str, np.ndarray]]]:
    """The base tape and the other jobs' first impairment steps, in the order given."""
    global _shared  # noqa: PLW0603  read by forked children, which inherit it
    total = 1 + len(others)

    def report(done: int) -> None:
        if progress is not None:
            progress(done / total, f"run {min(done + 1, total)} of {total}")

    report(0)
    if not _forks() or base.paths * base.steps < 20_000:
        tape = run_job(case, setup, base)
        results = []
        for n, job in enumerate(others):
            report(1 + n)
            results.append(first_steps(case, setup, job))
        return tape, results
    _shared = (case, setup)
    try:
        with warnings.catch_warnings():
            # The progress bar's thread holds no lock that the children use.
            warnings.simplefilter("ignore", DeprecationWarning)
            context = multiprocessing.get_context("fork")
            with ProcessPoolExecutor(MAX_WORKERS - 1, mp_context=context) as pool:
                waiting: list[Future[dict[str, np.ndarray]] | None] = [
                    pool.submit(_child, job) for job in others
                ]
                tape = run_job(case, setup, base)
                report(1)
                done: list[dict[str, np.ndarray] | None] = [None] * len(others)
                # This process takes jobs from the end that the child has not begun.
                for n in reversed(range(len(others))):
                    future = waiting[n]
                    if future is not None and future.cancel():
                        done[n] = first_steps(case, setup, others[n])
                        report(1 + sum(d is not None for d in done))
                for n, future in enumerate(waiting):
                    if done[n] is None and future is not None:
                        done[n] = future.result()
                        report(1 + sum(d is not None for d in done))
    finally:
        _shared = None
    return tape, [result for result in done if result is not None]
