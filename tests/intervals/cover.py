"""Coverage of DRE's simulation intervals, over many seeds: `python tests/intervals/cover.py`.

    python tests/intervals/cover.py --seeds 2000            all cases, two processes, a table
    python tests/intervals/cover.py --seeds 200 --case loan_4 --case loan
    python tests/intervals/cover.py --seeds 2000 --store answers.csv   goes on from there

Seeds are 1 to N. Each seed of each case is one call of `seawall.exposure.check`. The table says the
coverage, Holm's verdict over the judged cases, the estimates' bias in standard errors, and for rare
cases how many times smaller the mean squared error is than that of as many plain paths as plain and
tilted ones together, p (1 - p) / (2 x paths), with its own 95% interval.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).parents[1] / "laws")]

from coverage_case import Answer, Covered, ask  # noqa: E402 - above they cannot be found
from coverage_cases import all_cases  # noqa: E402 - above they cannot be found
from coverage_judge import table  # noqa: E402 - above they cannot be found

BLOCK = 10
Rows = dict[str, dict[int, Answer]]


def block(task: tuple[str, int, int]) -> tuple[str, list[tuple[int, Answer]]]:
    """The answers of one case for seeds first to last - 1."""
    name, first, last = task
    covered = next(one for one in all_cases() if one.name == name)
    case = covered.build()
    return name, [(seed, ask(covered, case, seed)) for seed in range(first, last)]


def run(cases: list[Covered], seeds: int, workers: int, store: Path | None) -> Rows:
    """All answers; those in ``store`` are not asked again, and new ones are added to it."""
    found: Rows = {one.name: {} for one in cases}
    if store is not None and store.exists():
        with store.open(newline="") as file:
            for name, seed, *numbers in csv.reader(file):
                if name in found:
                    found[name][int(seed)] = Answer(*map(float, numbers))
    # Block by block over all cases, so that a run that is stopped early has as many of each.
    tasks = [
        (one.name, first, min(first + BLOCK, seeds + 1))
        for first in range(1, seeds + 1, BLOCK)
        for one in cases
        if any(s not in found[one.name] for s in range(first, min(first + BLOCK, seeds + 1)))
    ]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for name, answers in pool.imap_unordered(block, tasks):
            found[name].update(answers)
            if store is not None:
                with store.open("a", newline="") as file:
                    write = csv.writer(file)
                    for seed, one in answers:
                        write.writerow(
                            [name, seed, *map(repr, (one.probability, one.low, one.high))]
                        )
    return {name: {s: a for s, a in of.items() if s <= seeds} for name, of in found.items()}


def main() -> int:
    """Exit code 1 where a judged case lies significantly outside the band."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--case", action="append", help="only this one; may be repeated")
    parser.add_argument("--store", type=Path, help="file of answers, read and added to")
    given = parser.parse_args()
    cases = [one for one in all_cases() if not given.case or one.name in given.case]
    if not cases:
        names = ", ".join(one.name for one in all_cases())
        parser.error(f"no case is called {', '.join(given.case)}; there are {names}")
    start = time.monotonic()
    found = run(cases, given.seeds, given.workers, given.store)
    text, good = table(cases, {name: list(of.values()) for name, of in found.items()})
    print(text)
    print(f"{given.seeds:,} seeds of {len(cases)} cases in {time.monotonic() - start:,.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
