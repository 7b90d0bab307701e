"""Sums over accounts by week and by what was said: all that scores and their intervals need.

Accounts are counted in bins of the stated chance, fine enough (a tenth of a logit) that a fit on
bins is a fit on accounts. A chance of 0 or 1 from n windows is scored as half a window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK = 604_800
METHODS = ("dre", "normal_fitted", "normal_current", "frequency")
# Bins of the reliability curve that is shown.
SHOWN = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_FINE = 1.0 / (1.0 + np.exp(-np.arange(-14.0, 14.05, 0.1)))
EDGES = np.unique(np.concatenate([_FINE, SHOWN[1:-1]]))
BINS = EDGES.size + 1
# No log score beyond this: a chance of 0 that happens would count for ever.
FLOOR = 1e-6


@dataclass(frozen=True)
class Tally:
    """Sums by week of opening (w,) and bin (b,).

    first   number of the first week since 1970
    count, said, logit, hits   (w, b) accounts, stated chance, its logit, liquidated
    brier, log   (w, methods) sums of squared errors and of log scores (smaller is better)
    """

    first: int
    count: Floats
    said: Floats
    logit: Floats
    hits: Floats
    brier: Floats
    log: Floats


def tally(end: Ints, chances: dict[str, Floats], broke: NDArray[np.bool_], weeks: Ints) -> Tally:
    """Sums over accounts (n, a) opened at ``end`` (n,); ``chances`` by method, (n, a) or (a,).

    ``weeks`` (2,) the first and the last week that any series of the panel has.
    """
    first, number = int(weeks[0]), int(weeks[1] - weeks[0]) + 1
    week = end // WEEK - first
    said = np.clip(chances["dre"], FLOOR, 1.0 - FLOOR)
    logit = np.log(said / (1.0 - said))
    cell = (week[:, None] * BINS + np.searchsorted(EDGES, said, side="right")).ravel()

    def by_cell(weight: Floats | None) -> Floats:
        flat = None if weight is None else weight.ravel()
        total = np.bincount(cell, flat, minlength=number * BINS)
        return total.astype(np.float64).reshape(number, BINS)

    hit = broke.astype(np.float64)
    brier, log = np.zeros((number, len(METHODS))), np.zeros((number, len(METHODS)))
    for m, method in enumerate(METHODS):
        p = np.clip(np.broadcast_to(chances[method], hit.shape), FLOOR, 1.0 - FLOOR)
        brier[:, m] = np.bincount(week, ((p - hit) ** 2).sum(axis=1), minlength=number)
        loss = -np.where(broke, np.log(p), np.log1p(-p)).sum(axis=1)
        log[:, m] = np.bincount(week, loss, minlength=number)
    return Tally(first, by_cell(None), by_cell(said), by_cell(logit), by_cell(hit), brier, log)


def together(tallies: list[Tally]) -> Tally:
    """The sum of several with the same weeks."""
    names = ("count", "said", "logit", "hits", "brier", "log")
    summed = {n: np.sum([getattr(t, n) for t in tallies], axis=0) for n in names}
    return Tally(tallies[0].first, **summed)
