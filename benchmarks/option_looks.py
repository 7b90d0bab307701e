"""Looks at option accounts that a table decides: `python benchmarks/option_looks.py [CASE] [N]`.

Along paths of exogenous prices, with the holdings of the start and without funding: at each step
either the table shows that an account is healthy, or its options have to be priced. Then the
compiled engine runs the same paths, and what it hands to the plain loop is counted: rounds, each of
which may serve many paths. These depend on the engine and the machine's cut into pieces, so they
stand here and not in the JSON (`option_bounds` there is a property of the Case). Without CASE: the
bundled one. A day of steps on N paths, 100 without it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.fast import engine
from seawall.cascade.fast.floor_kernel import TRUSTED
from seawall.cascade.fast.guards import compile_guards
from seawall.cascade.fast.layout_kernel import Guards
from seawall.cascade.setup import Setup
from seawall.casefile import load_case, sample_case
from seawall.exposure.option_bounds import buffer_without_options
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.margin.table.assess import option_quotes

SEED = 1


@dataclass(frozen=True)
class Looks:
    """Looks at one margin account: decided by the table, healthy but priced, and under margin."""

    account: str
    decided: int
    doubted: int
    fallen: int


def exogenous(setup: Setup, paths: int, steps: int) -> Floats:
    """Prices (p, s + 1, k) of the first paths of the base world."""
    runs = Runs(np.arange(paths), np.zeros(paths, dtype=np.int64))
    return draw(setup, (BASE,), runs, steps, SEED)


def looks(setup: Setup, prices: Floats) -> list[Looks]:
    """What the tables decide at each step of each path, for each margin account of a desk."""
    table, steps = setup.table, prices.shape[1] - 1
    guards = compile_guards(setup, steps)
    feed = prices[:, 1:, table.feed_asset].reshape(-1, table.feed_asset.size)
    step = np.tile(np.arange(1, steps + 1), prices.shape[0])
    own = setup.step_seconds / SECONDS_PER_YEAR
    years = step * own
    due = option_quotes(table, feed, setup.spot[table.feed_asset], years[:, None]).option_short
    found = []
    for u in np.flatnonzero(np.diff(table.units.options) * setup.is_desk).tolist():
        shorts = np.arange(table.units.options[u], table.units.options[u + 1])
        shorts = shorts[table.options.size[shorts] < 0.0]
        there = table.options.years[shorts] + own > years[:, None]
        size = np.where(there, -table.options.size[shorts], 0.0)
        buffer = buffer_without_options(setup, u, feed)
        needs, bound = (size * due[:, shorts]).sum(axis=1), np.full(step.size, np.inf)
        if guards.known[u]:
            most = np.where(there, _bounds(guards, shorts, feed, step), 0.0)
            bound = (size * most).sum(axis=1)
        decided = buffer - bound > TRUSTED * (np.abs(buffer) + np.abs(bound))
        healthy = buffer >= needs
        found.append(
            Looks(
                setup.book.account_names[int(table.units.account[u])],
                int(decided.sum()),
                int((healthy & ~decided).sum()),
                int((~healthy).sum()),
            )
        )
    return found


def _bounds(guards: Guards, shorts: np.ndarray, feed: Floats, step: np.ndarray) -> Floats:
    """Entries of the tables (g, o) for short options; beyond the last cell there is no bound."""
    cell = (feed[:, guards.feed[shorts]] / guards.origin[shorts] / guards.width).astype(np.int64)
    inside = cell < guards.most.shape[2]
    slices = np.minimum(step // guards.slice_steps, guards.most.shape[1] - 1)
    most = guards.most[guards.table[shorts], slices[:, None], np.where(inside, cell, 0)]
    return np.where(inside, most, np.inf)


def handed_over(setup: Setup, prices: Floats) -> int:
    """Rounds that the compiled engine leaves to the plain loop on these paths."""
    played, play = [0], engine.play_round

    def counted(*given: object) -> object:
        played[0] += 1
        return play(*given)  # type: ignore[arg-type]

    engine.play_round = counted  # type: ignore[assignment]
    try:
        engine.run_fast(setup, prices)
    finally:
        engine.play_round = play
    return played[0]


def main(arguments: Sequence[str]) -> int:
    """Print the counts of a Case."""
    case = load_case(arguments[0]) if arguments else sample_case(crowd=0)
    paths = int(arguments[1]) if len(arguments) > 1 else 100
    setup = prepare(case)
    prices = exogenous(setup, paths, round(SECONDS_PER_DAY / case.step_seconds))
    for row in looks(setup, prices):
        total = row.decided + row.doubted + row.fallen
        print(
            f"{row.account}: {total:,} looks, {row.decided / total:.2%} decided by the table, "
            f"{(row.doubted + row.fallen) / total:.2%} priced ({row.doubted / total:.2%} healthy, "
            f"{row.fallen / total:.2%} under its margin)"
        )
    if engine.fast_ready(setup):
        path_steps = paths * (prices.shape[1] - 1)
        rounds = handed_over(setup, prices)
        print(f"the engine handed {rounds:,} rounds to the plain loop in {path_steps:,} path steps")
    else:
        print("the compiled engine is not ready here: seawall doctor --warm compiles it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
