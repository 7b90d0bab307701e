"""How much faster ours is than theirs: processor time of one thread, alternating, as a ratio.

Seconds depend on the machine and its neighbours; the ratio of two calls made one after the other
does so much less. Both sides are called once before anything is timed, so that compiling, first
touches of memory and imports count for neither.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

# A sample shorter than this is repeated: the clock and the call itself would be seen.
SHORTEST = 0.005
ROUNDS = 9
FEWEST = 3


@dataclass(frozen=True)
class Benchmark:
    """One comparison; larger ratios are better for us.

    key         name in results.json. `..._vs_numpy` and `..._vs_plain` compare a kernel with its
                own plain twin: those are what `make bench-gate` measures
    goal        ratio to reach
    ours, theirs  calls without arguments; their data is made beforehand
    scale       how many times more work ours does than theirs (theirs may be given a sample)
    what        what is compared, in words
    operations  floating-point operations of one call of ours, where that figure is wanted
    steps       pieces of work in one call of ours, where nanoseconds of each are wanted
    clock       seconds used; a peer that works in threads of its own needs time.process_time
    """

    key: str
    goal: float
    ours: Callable[[], object]
    theirs: Callable[[], object]
    scale: float = 1.0
    what: str = ""
    operations: float | None = None
    steps: float | None = None
    clock: Callable[[], float] = time.thread_time


@dataclass(frozen=True)
class Measurement:
    """What one benchmark gave: median ratio, and median seconds of one call of each side."""

    key: str
    ratio: float
    ours: float
    theirs: float
    rounds: int


def measure(benchmark: Benchmark, *, rounds: int = ROUNDS, seconds: float = 20.0) -> Measurement:
    """Median over rounds of theirs x scale / ours; ours and theirs take turns, A B A B.

    Stops early after about ``seconds`` of the benchmark's clock, but not before 3 rounds.
    """
    sides = (benchmark.ours, benchmark.theirs)
    repeats = [_repeats(side, benchmark.clock) for side in sides]
    samples: list[tuple[float, float]] = []
    spent = 0.0
    while len(samples) < rounds and (len(samples) < FEWEST or spent < seconds):
        ours, theirs = (
            _sample(side, repeat, benchmark.clock)
            for side, repeat in zip(sides, repeats, strict=True)
        )
        samples.append((ours, theirs))
        spent += ours * repeats[0] + theirs * repeats[1]
    return Measurement(
        key=benchmark.key,
        ratio=statistics.median(b * benchmark.scale / a for a, b in samples),
        ours=statistics.median(a for a, _ in samples),
        theirs=statistics.median(b for _, b in samples),
        rounds=len(samples),
    )


def _repeats(side: Callable[[], object], clock: Callable[[], float]) -> int:
    """Warm up, then how many calls make a sample long enough."""
    side()
    took = max(_sample(side, 1, clock), 1e-9)
    return max(1, math.ceil(SHORTEST / took))


def _sample(side: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds of one call."""
    start = clock()
    for _ in range(repeats):
        side()
    return (clock() - start) / repeats
