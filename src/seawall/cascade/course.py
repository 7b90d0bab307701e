"""What is kept of the way of a run, and the way that is no answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import NEVER
from seawall.foundation.errors import InputError

# A closed account may end a last bit below zero; below this share of its start it owes nothing.
ROUNDING = 1e-9


@dataclass
class Course:
    """What is kept of the way: equity (p, s + 1, d) of desk units, trough and peak (p, k)."""

    equity: Floats
    trough: Floats
    peak: Floats

    def note_extremes(self, state: State, active: Ints) -> None:
        """Keep the lowest and the highest market prices of active paths."""
        self.trough[active] = np.minimum(self.trough[active], state.market[active])
        self.peak[active] = np.maximum(self.peak[active], state.market[active])


def first_negative(equity: Floats) -> Ints:
    """First step (p, d) at which equity (p, s + 1, d) is below zero, else NEVER."""
    if equity.shape[2] == 0:
        return np.full((equity.shape[0], 0), NEVER)
    negative = equity < -ROUNDING * np.abs(equity[:, :1])
    return np.where(negative.any(axis=1), negative.argmax(axis=1), NEVER)


def refuse_runaway(setup: Setup, course: Course) -> None:
    """A price that no number can hold is no answer: every amount of its path would be infinite."""
    gone = ~np.isfinite(course.peak)
    if gone.any():
        k = int(np.argmax(gone.any(axis=0)))
        raise InputError(
            f"{setup.table.assets[k]} runs away beyond every number on "
            f"{int(gone.any(axis=1).sum())} of {gone.shape[0]} paths: orders move its price by "
            "more than they trade",
            file="market",
            expected="more depth, or less that trades with the price: hedgers' gamma, makers who "
            "leave, depth by the clock, stops",
        )


def refuse_elsewhere(setup: Setup, exogenous: Floats) -> None:
    """Who sleeps until which price, and what accounts have lost, is counted from the spot."""
    apart = exogenous[:, 0] != setup.spot
    if apart.any():
        p, k = np.argwhere(apart)[0]
        name, spot = setup.table.assets[k], setup.spot[k]
        raise InputError(
            f"{name} starts at {exogenous[p, 0, k]:.17g} on path {p}, and the Case's spot is "
            f"{spot:.17g}",
            expected="paths whose first column is the spot; a Case that starts elsewhere has "
            "another spot in market.toml",
        )
