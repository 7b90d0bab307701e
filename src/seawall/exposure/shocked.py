"""What the cascade makes of one-step shocks to one asset while everything else stands still.

The exogenous price moves by the shock within one step and stays there for an hour; nothing else
happens, failures included. The answer of each shock is how far the market price went at the worst,
and how much was closed by force on the way. Every asset of the page is shocked downwards (SHOCKS),
and also upwards and deeper where that takes no noticeable time: all of them or none, so that what
is warned of does not depend on which asset happens to break first.

Mechanisms that draw random numbers (keepers, auctions, oracles, owners) are asked for the second
set DRAWS times, and the ratio gets an interval: that of a mean of so few, by Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup
from seawall.cascade.state import safe_worlds
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.foundation.arrays import segment_sums

# A shock lands at the first step; prices then stand still for this long.
SETTLING_SECONDS = 3_600.0
SHOCKS = (-0.05, -0.10, -0.15, -0.20)
FURTHER = (-0.30, 0.05, 0.10, 0.15, 0.20, 0.30)
# Further shocks of one asset x margin accounts beyond which they are left out: 0.3 s for each five
# assets of a crowd of 6,000, and as it grows.
MOST_ACCOUNTS = 100_000
DRAWS = 5
# A ratio that falls by less than can be printed has not turned.
LEAST_TURN = 0.005
# 97.5% point of Student's t with DRAWS - 1 degrees of freedom.
STUDENT = 2.776445
TO_MARKET, TO_VAULT, TO_WINNERS = 0, 1, 2


@dataclass(frozen=True)
class Answer:
    """One shock: mean ratio and its 95% interval, None where nothing random was asked or acts;
    from how many draws; notional closed (3,) as in Shocked.
    """

    ratio: float
    low: float | None
    high: float | None
    draws: int
    closed: Floats


@dataclass(frozen=True)
class Shocked:
    """Shocks (n,) as run: ``asset`` by column, ``shock`` as a fraction, below 0 a fall.

    ratio   worst market price within the hour as a fraction of the start, less 1, over the shock
    closed  (n, 3) notional closed by force, quote: into the market (book or keepers), by the
            backstop vault, by auto-deleveraging
    """

    asset: Ints
    shock: Floats
    ratio: Floats
    closed: Floats

    def at(self, asset: int, shock: float) -> Answer:
        """What one shock of one asset does, over all draws of it."""
        mine = (self.asset == asset) & (self.shock == shock)
        ratio, count = self.ratio[mine], int(mine.sum())
        middle, low, high = float(ratio.mean()), None, None
        if count > 1:
            half = STUDENT * float(ratio.std(ddof=1)) / count**0.5
            low, high = middle - half, middle + half
        return Answer(middle, low, high, count, self.closed[mine].mean(axis=0))

    def of(self, asset: int) -> list[float]:
        """The shocks of one asset, rising."""
        return [float(x) for x in np.unique(self.shock[self.asset == asset])]


def run_shocks(setup: Setup, asked: Sequence[tuple[int, float]]) -> Shocked:
    """Run (asset's column, shock) pairs, one path each; path n draws the random numbers of n.

    Where orders leave no trace in the price (paths labelled `total`) every ratio is 1.
    """
    asset = np.array([k for k, _ in asked], dtype=np.int64)
    shock = np.array([move for _, move in asked], dtype=np.float64)
    count, rows = asset.size, np.arange(asset.size)
    steps = max(1, round(SETTLING_SECONDS / setup.step_seconds))
    paths = np.tile(setup.spot, (count, steps + 2, 1))
    paths[rows, 1:, asset] *= 1.0 + shock[:, None]
    tape, _ = quickest(setup)(setup, paths, worlds=safe_worlds(count))
    worst = np.where(shock < 0.0, tape.trough[rows, asset], tape.peak[rows, asset])
    ratio = (worst / setup.spot[asset] - 1.0) / shock
    return Shocked(asset, shock, ratio, np.stack([_closed(tape, kind) for kind in FORCED], axis=1))


def _closed(tape: Tape, kind: EventKind) -> Floats:
    mine = tape.kind == kind
    return segment_sums(tape.notional[mine], tape.path[mine], tape.paths)


def shocks_of_page(setup: Setup, assets: tuple[str, ...], focus: str) -> Shocked | None:
    """The shocks of all assets on the page; None where orders leave no trace in the price.

    The focus comes first and the further shocks of the others last: a path's random numbers are
    those of its place.
    """
    if not setup.impact.feedback or not assets:
        return None
    columns = [setup.table.assets.index(name) for name in assets]
    asked = [(k, shock) for k in columns for shock in SHOCKS]
    first, units = setup.table.assets.index(focus), setup.table.units.account.size
    if units * len(FURTHER) <= MOST_ACCOUNTS:
        asked += [(first, shock) for shock in FURTHER]
    again = [(first, shock) for shock in (*SHOCKS, *FURTHER)] * (DRAWS - 1)
    if any(setup.mechanisms) and units * (len(FURTHER) + len(again)) <= MOST_ACCOUNTS:
        asked += again
    if units * len(FURTHER) <= MOST_ACCOUNTS:
        asked += [(k, shock) for k in columns if k != first for shock in FURTHER]
    return run_shocks(setup, asked)


def turning(shocked: Shocked, asset: int, side: int) -> tuple[float, float, str] | None:
    """Where amplification falls though the shock deepens: from which shock, to which, and why.

    side: -1 falls, 1 rises. None where it never falls after its highest value. The reason is what
    changes most between the two, per unit of shock, of what feeds the price: ``deleveraged`` or
    ``backstop`` where those close more of it instead of the market, ``exhausted`` where all of them
    close less, ``impact`` where the market takes no less and moves less for it.
    """
    moves = sorted((m for m in shocked.of(asset) if m * side > 0.0), key=abs)
    found = [shocked.at(asset, move) for move in moves]
    if len(found) < 2:
        return None
    top = max(range(len(found)), key=lambda n: found[n].ratio)
    lower = [
        n for n in range(top + 1, len(found)) if found[top].ratio - found[n].ratio >= LEAST_TURN
    ]
    if not lower:
        return None
    per = [found[n].closed / abs(moves[n]) for n in (top, lower[0])]
    more = per[1] - per[0]
    if more[TO_MARKET] >= 0.0:
        reason = "impact"
    elif max(more[TO_VAULT], more[TO_WINNERS]) <= 0.0:
        reason = "exhausted"
    else:
        reason = "deleveraged" if more[TO_WINNERS] >= more[TO_VAULT] else "backstop"
    return moves[top], moves[lower[0]], reason
