"""The base world's paths settled once more in whole units: `seawall check --ledger exact`.

The paths are those of the answer (same numbers, seed and crowd), run by the plain loop with a
journal of every transfer (`seawall.cascade.exact_settlement`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, draw, path_worlds, prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.case import Case
from seawall.exposure.curve import last_step

# Paths run together: bounds the journal's memory.
TOGETHER = 100


def exact_ledger(
    case: Case,
    *,
    horizon_seconds: float,
    paths: int,
    seed: int,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """The `ledger` block of the result: how many transfers, what they sum to, how far from floats.

    Raises InputError for an amount beyond 64 bits and for a transfer that has no entry.
    """
    setup = prepare(case, (BASE,))
    steps = last_step(horizon_seconds, case.step_seconds)
    transfers = imbalance = 0
    gap = bound = 0.0
    for first in range(0, paths, TOGETHER):
        number = np.arange(first, min(first + TOGETHER, paths))
        runs = Runs(number, np.zeros(number.size, dtype=np.int64))
        journal = Journal(cells_of(setup.table))
        _, state = run(
            setup,
            draw(setup, (BASE,), runs, steps, seed),
            worlds=path_worlds((BASE,), runs),
            draws=Draws(seed, number),
            journal=journal,
        )
        found = settle(setup, state)
        transfers += found.transfers
        imbalance = max(imbalance, found.imbalance)
        if found.gap > gap:
            gap, bound = found.gap, found.bound
        if progress is not None:
            done = int(number[-1]) + 1
            progress(done / paths, f"{done:,} of {paths:,} paths in whole units")
    return {
        "paths": paths,
        "transfers": transfers,
        "imbalance_units": imbalance,
        "largest_gap": gap,
        "gap_bound": bound,
    }
