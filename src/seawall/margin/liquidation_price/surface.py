"""Where a portfolio may be liquidated: spot moves x volatility moves, as a grid and its boundary.

A price alone does not say when an options account dies: a fall with a jump in volatility kills what
the same fall without it does not. Every asset named moves by the same factor, every implied
volatility of options on them by another; the grid holds equity and maintenance at each pair, the
boundary the spot factors at which they meet on each line of volatility. Wrong where a smile moves
with spot: here every option keeps its own volatility times the factor (sticky strike).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.foundation.errors import InputError
from seawall.margin.account.shifts import Evaluate, Shifts
from seawall.margin.liquidation_price.crossing import Buffer, Known, crossing

SPOT_FACTORS = np.linspace(0.5, 1.5, 41)
VOLATILITY_FACTORS = np.linspace(0.5, 2.5, 21)


@dataclass(frozen=True)
class LiquidationSurface:
    """Equity and maintenance (v, s) on a grid, quote; factors on spot (s,) and volatility (v,).

    below, above  (v,) nearest spot factor at which the account fails, below and above 1; NaN where
                  it does not fail inside the grid; 1 where it fails without a move of spot
    """

    assets: tuple[str, ...]
    spot: Floats
    volatility: Floats
    equity: Floats
    maintenance: Floats
    below: Floats
    above: Floats

    @property
    def liquidatable(self) -> Bools:
        """True (v, s) where the account may be liquidated."""
        return (self.maintenance > 0.0) & (self.equity < self.maintenance)


def liquidation_surface(
    evaluate: Evaluate,
    assets: tuple[str, ...],
    spot: Floats = SPOT_FACTORS,
    volatility: Floats = VOLATILITY_FACTORS,
) -> LiquidationSurface:
    """The surface of an account when ``assets`` move together by ``spot`` (s,), volatility (v,).

    evaluate  the account's margin in shifted markets, from `seawall.margin.rules.net_margin`

    Raises InputError for factors that are not above 0 and rising.
    """
    for name, factors in (("spot", spot), ("volatility", volatility)):
        if factors.size == 0 or factors[0] <= 0.0 or np.any(np.diff(factors) <= 0.0):
            raise InputError(
                f"the {name} factors are {factors.tolist()}", expected="rising numbers above 0"
            )
    shape = (volatility.size, spot.size)
    grid = Shifts(assets, np.tile(spot, volatility.size), np.repeat(volatility, spot.size))
    found = evaluate(grid)
    buffer = found.buffer.reshape(shape)
    below, above = np.full(volatility.size, np.nan), np.full(volatility.size, np.nan)
    for v, factor in enumerate(volatility):

        def at(factors: Floats, factor: float = float(factor)) -> Floats:
            return evaluate(Shifts(assets, factors, np.full_like(factors, factor))).buffer

        # Without a failure on the grid's line there is nothing between its points to look for.
        if not np.any(buffer[v] < 0.0):
            continue
        now = float(at(np.ones(1))[0])
        if now < 0.0:
            below[v] = above[v] = 1.0
            continue
        below[v] = _edge(at, now, spot[spot < 1.0][::-1], buffer[v, spot < 1.0][::-1])
        above[v] = _edge(at, now, spot[spot > 1.0], buffer[v, spot > 1.0])
    return LiquidationSurface(
        assets,
        spot,
        volatility,
        found.equity.reshape(shape),
        found.maintenance.reshape(shape),
        below,
        above,
    )


def _edge(at: Buffer, now: float, outwards: Floats, buffer: Floats) -> float:
    """Where the account fails first along ``outwards`` (from 1), NaN when at no grid point.

    now, buffer  equity - maintenance at 1 and at those points, which are known already
    """
    failed = np.flatnonzero(buffer < 0.0)
    if not failed.size:
        return float("nan")
    n = int(failed[0])
    safe = Known(float(outwards[n - 1]), float(buffer[n - 1])) if n else Known(1.0, now)
    return crossing(at, safe, Known(float(outwards[n]), float(buffer[n])))
