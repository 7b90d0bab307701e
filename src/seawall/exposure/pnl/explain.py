"""Profit and loss of options and their hedge between two moments, in named parts.

Full revaluation, one thing after another, each with all before it already moved:

    time        years to expiry run down, volatility and prices as they were
    spot        index and forward rise together, each leg's volatility as it was (sticky strike)
    basis       the forward moves against the index
    level, skew, curvature, own     the leg's volatility moves by its smile's parts and by its own
    unexplained what the mark did beyond: mark P&L less the sum of the above

Taylor beside it, from the Greeks at the start, dF the forward's move with the index, ds the move of
the leg's volatility, dt the years that passed, in coin's worth of the start:

    delta dF + gamma dF^2 / 2 + vega ds + vanna dF ds + volga ds^2 / 2 + theta dt + basis
    + higher_order (revaluation less all that) + unexplained

The hedge is the underlying itself: its P&L is size x move of the index, all of it delta (spot).

    unexplained ratio = sum over legs of |unexplained| / sum of |leg P&L|

Source: the usual desk practice; order of steps is Seawall's and stated because parts depend on it.
Wrong where marks, forwards and volatilities were not read at one moment: what differs lands in
``unexplained``, which is why it is shown by leg and against the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.pnl.option_legs import OptionLegs, Seen, value
from seawall.exposure.pnl.smile_parts import smile_parts
from seawall.valuation.black import OptionGreeks, greeks

Floats = NDArray[np.float64]

REVALUED = ("time", "spot", "basis", "level", "skew", "curvature", "own")
TAYLOR = ("delta", "gamma", "vega", "vanna", "volga", "theta", "basis", "higher_order")


@dataclass(frozen=True)
class Explained:
    """Of each leg, options first, then one hedge per underlying, (n + h,) quote.

    pnl           by marks
    revalued      {part: quote} of REVALUED;  taylor  {part: quote} of TAYLOR
    unexplained   pnl less the sum of either
    half_spread   half the quoted spread of the position at the end, 0 where it is not two-sided
    """

    pnl: Floats
    revalued: dict[str, Floats]
    taylor: dict[str, Floats]
    unexplained: Floats
    half_spread: Floats

    @property
    def ratio(self) -> float:
        """Sum over legs of |unexplained| over the sum of |leg P&L|; 0 where nothing moved."""
        gross = float(np.abs(self.pnl).sum())
        return float(np.abs(self.unexplained).sum()) / gross if gross > 0.0 else 0.0


def hedge_sizes(legs: OptionLegs, seen: Seen) -> Floats:
    """Coins of each underlying (h,) that take the book's delta away, basis as it is."""
    first = _greeks(legs, seen)
    own = legs.size * first.delta
    total = np.bincount(legs.coin, own, minlength=int(legs.coin.max(initial=-1)) + 1)
    return np.asarray(-total, dtype=np.float64)


def explain(legs: OptionLegs, before: Seen, after: Seen, hedge: Floats) -> Explained:
    """The parts of the P&L from ``before`` to ``after``; ``hedge`` (h,) coins held of each coin."""
    parts, revalued = _revalued(legs, before, after)
    pnl = legs.size * (after.mark * after.index - before.mark * before.index)
    unexplained = pnl - revalued
    taylor = _taylor(legs, before, after, parts["basis"], revalued)
    move = np.array(
        [
            np.median(after.index[legs.coin == c]) - np.median(before.index[legs.coin == c])
            for c in range(hedge.size)
        ]
    )
    still = np.zeros(hedge.size)
    of_hedge = {"spot": hedge * move, "delta": hedge * move}

    def joined(found: dict[str, Floats]) -> dict[str, Floats]:
        return {name: np.append(part, of_hedge.get(name, still)) for name, part in found.items()}

    quoted = np.where(np.isfinite(after.bid + after.ask), after.ask - after.bid, 0.0)
    spread = 0.5 * np.abs(legs.size) * quoted * after.index
    return Explained(
        pnl=np.append(pnl, hedge * move),
        revalued=joined(parts),
        taylor=joined(taylor),
        unexplained=np.append(unexplained, still),
        half_spread=np.append(spread, still),
    )


def _revalued(legs: OptionLegs, before: Seen, after: Seen) -> tuple[dict[str, Floats], Floats]:
    """Each step's part (n,) and their sum."""
    first, last = smile_parts(legs, before), smile_parts(legs, after)
    along = after.index / before.index
    vol = before.volatility
    states = [(before.index, before.forward, before.years, vol)]
    states.append((before.index, before.forward, after.years, vol))
    states.append((after.index, before.forward * along, after.years, vol))
    states.append((after.index, after.forward, after.years, vol))
    for name in ("level", "skew", "curvature"):
        vol = vol + getattr(last, name) - getattr(first, name)
        # A parabola may pass below zero on its way; a volatility may not.
        states.append((after.index, after.forward, after.years, np.maximum(vol, 0.01)))
    states.append((after.index, after.forward, after.years, after.volatility))
    values = [legs.size * value(legs, *state) for state in states]
    parts = {name: values[n + 1] - values[n] for n, name in enumerate(REVALUED)}
    return parts, values[-1] - values[0]


def _greeks(legs: OptionLegs, seen: Seen) -> OptionGreeks:
    return greeks(seen.forward, legs.strike, seen.years, seen.volatility, legs.call)


def _taylor(
    legs: OptionLegs, before: Seen, after: Seen, basis: Floats, revalued: Floats
) -> dict[str, Floats]:
    first = _greeks(legs, before)
    # Coin's worth: Black's value is per forward, the position is paid per index.
    worth = legs.size * before.index / before.forward
    move = before.forward * (after.index / before.index - 1.0)
    vol = after.volatility - before.volatility
    passed = before.years - after.years
    parts = {
        "delta": worth * first.delta * move,
        "gamma": worth * 0.5 * first.gamma * move * move,
        "vega": worth * first.vega * vol,
        "vanna": worth * first.vanna * move * vol,
        "volga": worth * 0.5 * first.volga * vol * vol,
        "theta": worth * first.theta * passed,
        "basis": basis,
    }
    parts["higher_order"] = revalued - np.sum(list(parts.values()), axis=0)
    return parts
