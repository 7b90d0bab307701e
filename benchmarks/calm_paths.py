"""What a slot costs on paths on which nobody is near: proven calm, and stepped all the same.

`python benchmarks/calm_paths.py [paths ...]` prints a line for each slot: the time of a run as a
multiple of that without slots, taken in turns, and nanoseconds a path and step of both ways.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from bench_cascade import ACCOUNTS, STEPS, drawn
from cascade_books import Floats
from cascade_quiet import MARKET, VENUE, quiet_case, quiet_crowd
from run import keep_freed_memory
from seawall.cascade.engine import prepare
from seawall.cascade.fast.simulation import FastSimulation

ROUNDS = 7
Run = Callable[[], object]


def both_ways(slots: frozenset[str], paths: int) -> tuple[Run, Run]:
    """Runs of the quiet crowd's Case with these slots: as they are, and with all steps taken."""
    setup = prepare(quiet_case(quiet_crowd(ACCOUNTS), slots))
    exogenous: Floats = drawn(setup, paths)
    proven, stepped = FastSimulation(setup, STEPS), FastSimulation(setup, STEPS)
    stepped.calm = None
    return lambda: proven.on(exogenous), lambda: stepped.on(exogenous)


def seconds(run: Run, repeats: int) -> float:
    """Processor time of one of so many calls."""
    start = time.thread_time()
    for _ in range(repeats):
        run()
    return (time.thread_time() - start) / repeats


def line(name: str, slots: frozenset[str], paths: int, without: tuple[Run, Run]) -> str:
    """Ratios to the runs without slots, medians of pairs, and the least nanoseconds."""
    own, words = both_ways(slots, paths), f"{name:24} {paths:6}"
    for ours, theirs in zip(own, without, strict=True):
        ours(), theirs()
        repeats = max(1, int(0.005 / max(seconds(ours, 1), 1e-9)))
        pairs = [(seconds(ours, repeats), seconds(theirs, repeats)) for _ in range(ROUNDS)]
        ratio = statistics.median(a / b for a, b in pairs)
        words += f"{ratio:10.2f} {min(a for a, _ in pairs) / paths / STEPS * 1e9:8.1f}"
    return words


def main() -> None:
    """A table for each number of paths."""
    keep_freed_memory()
    slots = [*VENUE, *MARKET]
    chosen = {"none": frozenset[str](), **{slot: frozenset([slot]) for slot in slots}}
    chosen["all"] = frozenset(slots)
    print(f"{'':31}{'proven calm':>19}{'stepped':>19}")
    print(f"{'slot':24} {'paths':>6}" + f"{'ratio':>10} {'ns':>8}" * 2)
    for paths in [int(word) for word in sys.argv[1:]] or [4, 256]:
        without = both_ways(chosen["none"], paths)
        for name, own in chosen.items():
            print(line(name, own, paths, without), flush=True)


if __name__ == "__main__":
    main()
