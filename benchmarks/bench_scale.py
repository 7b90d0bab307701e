"""Ten times the accounts for ten times the time: `check` of the sample with 100,000 accounts of its
perpetuals venue against the same with 10,000, at steps of a minute over a day.

Seconds and memory of the whole question are in benchmarks/scale.py.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

from measure import Benchmark
from seawall.cascade.pieces.compute import Compute
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure.check import check

PATHS = 40


@cache
def case_of(accounts: int) -> Case:
    """The sample with so many accounts at its perpetuals venue, in steps of a minute."""
    return replace(sample_case(accounts), step_seconds=60.0)


def asked(accounts: int) -> object:
    """The answer on few paths, on one worker."""
    return check(case_of(accounts), paths=PATHS, compute=Compute(threads=1))


BENCHMARKS = [
    Benchmark(
        key="scale_100k_vs_10k",
        goal=1.0,
        ours=lambda: asked(100_000),
        theirs=lambda: asked(10_000),
        scale=10.0,
        what=f"check of 100,000 accounts against ten times 10,000: {PATHS} paths, 1,440 steps",
        clock=time.process_time,
    )
]
