"""Run the benchmarks: `python benchmarks/run.py`, or `--gate` for kernels against their twins."""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import recorded
from measure import Benchmark, Measurement, measure

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"
RECORDED = FOLDER / "recorded.json"
# Read once, when NumPy and the peers are imported.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
Measure = Callable[[Benchmark], Measurement]


def keep_freed_memory() -> None:
    """Let freed memory be used again by the next call, on both sides alike (glibc only).

    Else every large array is given back and fetched again as fresh pages, and the kernel's work on
    those would be a third of what is measured.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for setting in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
        mallopt(setting, 1 << 30)


def discover(folder: Path, only: str) -> tuple[list[Benchmark], dict[str, str]]:
    """All benchmarks of ``bench_*.py`` whose key contains ``only``; and what had to be skipped."""
    found: list[Benchmark] = []
    skipped: dict[str, str] = {}
    for file in sorted(folder.glob("bench_*.py")):
        try:
            module = importlib.import_module(file.stem)
        except ModuleNotFoundError as error:
            skipped[file.stem] = f"needs {error.name}, which is not installed"
            continue
        found += [one for one in module.BENCHMARKS if only in one.key]
    keys = [one.key for one in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise SystemExit(f"Two benchmarks are called {', '.join(twice)}; each key is used once.")
    return found, skipped


def run(
    benchmarks: Iterable[Benchmark], skipped: dict[str, str], measured_by: Measure
) -> dict[str, Measurement]:
    """Measure each and print its line; a benchmark whose peer is not installed is skipped.

    One that fails takes no other with it: it is printed, and left out of what is returned.
    """
    print(f"{'key':34} {'ratio':>9} {'goal':>8}  outcome")
    done: dict[str, Measurement] = {}
    for one in benchmarks:
        try:
            done[one.key] = measured_by(one)
        except ModuleNotFoundError as error:
            skipped[one.key] = f"needs {error.name}, which is not installed"
            continue
        except Exception as error:
            print(f"{one.key:34} {'failed':>9} {'':8}  {type(error).__name__}: {error}", flush=True)
            continue
        print(line(one, done[one.key]), flush=True)
    for name, why in skipped.items():
        print(f"{name:34} {'skipped':>9} {'':8}  {why}")
    return done


def line(one: Benchmark, found: Measurement) -> str:
    """One row of the table."""
    outcome = "met" if found.ratio >= one.goal else f"missed by {1.0 - found.ratio / one.goal:.1%}"
    speed = ""
    if one.operations is not None:
        speed = f"; {one.operations / found.ours / 1e9:.1f} GFLOP/s"
    if one.steps is not None:
        speed += f"; {found.ours / one.steps * 1e9:.0f} ns each"
    times = f"{found.ours * 1e3:.3g} ms against {found.theirs * 1e3:.3g} ms"
    text = f"{one.key:34} {found.ratio:9.2f} {one.goal:8g}  {outcome} ({times}{speed})"
    return f"{text}\n{'':34} {one.what}" if one.what else text


def flat(benchmarks: Iterable[Benchmark], done: dict[str, Measurement]) -> dict[str, float]:
    """One flat object: the ratio of each key; GFLOP/s or ns per step where those were counted."""
    numbers = {key: round(found.ratio, 3) for key, found in done.items()}
    for one in benchmarks:
        if one.operations is not None and one.key in done:
            name = f"{one.key.split('_vs_')[0]}_gflops"
            numbers[name] = round(one.operations / done[one.key].ours / 1e9, 2)
        if one.steps is not None and one.key in done:
            name = f"{one.key.split('_vs_')[0]}_ns_per_step"
            numbers[name] = round(done[one.key].ours / one.steps * 1e9, 1)
    return dict(sorted(numbers.items()))


def gate(twins: list[Benchmark], done: dict[str, Measurement], measured_by: Measure) -> int:
    """0 when no kernel has fallen below half of its recorded ratio on this kind of processor."""
    cpu = recorded.processor()
    known = recorded.load(RECORDED).get(cpu)
    ratios = {key: found.ratio for key, found in done.items()}
    if known is None:
        print(
            f"Processor {cpu} has no recorded ratios: nothing to fall below. `--record` keeps them."
        )
        return 0
    # A neighbour may have taken the machine for a while: what has fallen is measured once more.
    for one in twins:
        if one.key in recorded.fallen(ratios, known):
            ratios[one.key] = max(ratios[one.key], measured_by(one).ratio)
    low, gone = recorded.fallen(ratios, known), recorded.missing(ratios, known)
    for key in low:
        print(f"{key} is {ratios[key]:.2f}, below half of the {known[key]:.2f} recorded on {cpu}.")
    for key in gone:
        print(f"{key} was recorded on {cpu} and is no longer measured.")
    return 1 if low or gone else 0


def main(arguments: list[str]) -> int:
    """Exit code: 1 when a benchmark fails or a kernel has fallen; a missed goal is printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gate", action="store_true", help="only kernels against their twins")
    parser.add_argument("--record", action="store_true", help="keep the ratios of the twins")
    parser.add_argument("--only", default="", help="only keys that contain this")
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(FOLDER))
    os.environ.update(dict.fromkeys(THREADS, "1"))
    keep_freed_memory()
    start = time.perf_counter()
    found, skipped = discover(FOLDER, given.only)
    rounds, seconds = (5, 5.0) if given.gate else (9, 20.0)

    def measured_by(one: Benchmark) -> Measurement:
        return measure(one, rounds=rounds, seconds=seconds)

    if given.gate:
        found = [one for one in found if recorded.is_twin(one.key)]
    done = run(found, skipped, measured_by)
    print(f"{len(done)} measured in {time.perf_counter() - start:.0f} s on {recorded.processor()}")
    if not given.gate and not given.only:
        RESULTS.write_text(json.dumps(flat(found, done), indent=2) + "\n", "utf-8")
        print(f"Written: {RESULTS.relative_to(FOLDER.parent)}")
    code = gate(found, done, measured_by) if given.gate and not given.only else 0
    if given.record:
        twins = {key: value.ratio for key, value in done.items() if recorded.is_twin(key)}
        recorded.record(RECORDED, recorded.processor(), twins)
        print(f"Recorded: {', '.join(twins)}")
        code = 0
    failed = [one.key for one in found if one.key not in done and one.key not in skipped]
    return 1 if failed else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
