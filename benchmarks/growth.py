"""How the cascade's cost grows with accounts, steps, coins, paths: `python benchmarks/growth.py`.

Measures, writes `growth.json` and draws `docs/figures/growth-*.svg`; `--draw` only draws. The crowd
is the cross-margin one of the benchmarks: 10,000 accounts, 20 coins, 1,440 steps, of which one is
changed at a time. Processor time of one thread, the smallest of three.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cascade_brute
import cascade_numpy
from bench_cascade import ACCOUNTS, STEPS, drawn
from cascade_books import QUOTE, CrossCrowd, cross_case, cross_crowd
from cascade_numpy import coins_of
from figure import Figure, Points, svg
from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast

HERE = Path(__file__).resolve().parent
DATA = HERE / "growth.json"
FIGURES = HERE.parent / "docs" / "figures"
COINS, PATHS = 20, 16
OURS, BRUTE, NUMPY = "Seawall", "Numba", "NumPy"
Curves = dict[str, list[tuple[float, float]]]


def smallest(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest of some calls, after one that does not count."""
    call()
    spent = []
    for _ in range(times):
        start = time.thread_time()
        call()
        spent.append(time.thread_time() - start)
    return min(spent)


def microseconds(crowd: CrossCrowd, steps: int, paths: int) -> dict[str, float]:
    """Microseconds per path and step of each side."""
    setup = prepare(cross_case(crowd))
    exogenous = drawn(setup, paths, steps)
    coins = coins_of(exogenous[:1], setup.table.assets, QUOTE)[0]
    big = crowd.deposit.size * steps > 1e8
    out = {OURS: smallest(lambda: run_fast(setup, exogenous)) / paths}
    out[BRUTE] = smallest(lambda: cascade_brute.cross(crowd, coins), 1 if big else 3)
    if not big:
        out[NUMPY] = smallest(lambda: cascade_numpy.cross(crowd, coins), 1)
    return {name: seconds / steps * 1e6 for name, seconds in out.items()}


def sweep(values: Sequence[int], of: Callable[[int], dict[str, float]]) -> Curves:
    """The curves over some values."""
    curves: Curves = {}
    for value in values:
        for name, cost in of(value).items():
            curves.setdefault(name, []).append((value, round(cost, 4)))
        print(value, {name: curve[-1][1] for name, curve in curves.items()}, flush=True)
    return curves


def measured() -> dict[str, Curves]:
    """All four sweeps; some minutes."""

    def by_accounts(count: int) -> dict[str, float]:
        return microseconds(cross_crowd(count), STEPS, 2 if count > 200_000 else PATHS)

    def by_coins(count: int) -> dict[str, float]:
        return microseconds(cross_crowd(ACCOUNTS, coins=count), STEPS, PATHS)

    usual = cross_crowd(ACCOUNTS)
    return {
        "accounts": sweep((1_000, 10_000, 100_000, 1_000_000), by_accounts),
        "steps": sweep((180, 720, 2_880, 11_520), lambda n: microseconds(usual, n, PATHS)),
        "coins": sweep((5, 10, 20, 40, 80), by_coins),
        "paths": sweep((1, 4, 16, 64), lambda n: microseconds(usual, STEPS, n)),
    }


TEXTS = {
    "accounts": ("Cost of a step by the number of accounts", "accounts"),
    "steps": ("Cost of a step by the length of the path", "steps"),
    "coins": ("Cost of a step by the number of coins", "coins (5 positions per account)"),
    "paths": ("Cost of a step by the number of paths run together", "paths"),
}


def draw(curves: dict[str, dict[str, Points]]) -> None:
    """Write the four pictures."""
    FIGURES.mkdir(exist_ok=True)
    for name, (title, x) in TEXTS.items():
        figure = Figure(title, x, "microseconds per path and step", curves[name])
        (FIGURES / f"growth-{name}.svg").write_text(svg(figure), "utf-8")


if __name__ == "__main__":
    if "--draw" not in sys.argv[1:]:
        DATA.write_text(json.dumps(measured(), indent=1) + "\n", "utf-8")
    draw(json.loads(DATA.read_text("utf-8")))
