"""What an action costs: money by the day it is tied up, a sale once.

    deposit, repayment     amount x FINANCING_RATE / 365, per day
    move                   nothing: the desk's own money changes place (withdrawal fees not known)
    reduction              half the spread + taker fee + mean impact of the whole order, once
    common measure         cost over the horizon of the limit: per day x days, or once

The impact is that of the market's own law on the underlying's present depth, options by their
delta; an option also pays its half spread in volatility. Wrong where an order is worked over time,
where the interest that a repaid debt no longer costs matters (it is not deducted), and where
funding of a reduced leg does.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.cascade.fills import option_price
from seawall.cascade.setup import Setup
from seawall.exposure.concentration import exit_cost
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.margin.table.margin_table import RowKind

# Annual cost of cash that is tied up, as a fraction.
FINANCING_RATE = 0.07


def financing(amount: float) -> float:
    """Cost per day of ``amount`` quote that is tied up."""
    return amount * FINANCING_RATE / 365.0


def over(per_day: float, seconds: float) -> float:
    """Cost of a horizon."""
    return per_day * seconds / SECONDS_PER_DAY


def reduction_cost(setup: Setup, leg: int, share: float) -> float:
    """Quote cost of closing ``share`` of a leg (a row, or rows + option) at once."""
    table, count = setup.table, setup.table.rows.unit.size
    unit = int(table.rows.unit[leg] if leg < count else table.options.unit[leg - count])
    rulebook = setup.rulebooks[int(table.units.venue[unit])]
    notional, flow, spread = leg_flow(setup, leg)
    name = table.assets[
        int(table.rows.asset[leg] if leg < count else table.options.asset[leg - count])
    ]
    state = setup.case.market.assets[name]
    half = 0.5 * (state.spread or 0.0) * abs(flow)
    impact = exit_cost(setup, name, -share * flow) if math.isfinite(state.depth) else 0.0
    return share * (half + spread + rulebook.taker_fee * notional) + impact


def leg_flow(setup: Setup, leg: int) -> tuple[float, float, float]:
    """Notional of a whole leg, its signed quote flow in the underlying (an option's by its delta),
    and what its half spread in volatility costs; quote.
    """
    rows, options, count = setup.table.rows, setup.table.options, setup.table.rows.unit.size
    if leg < count:
        size = float(rows.size[leg])
        inverse = rows.kind[leg] == RowKind.INVERSE
        price = 1.0 if inverse else float(setup.spot[rows.asset[leg]] * rows.multiplier[leg])
        return abs(size) * price, size * price, 0.0
    one = np.array([leg - count])
    size, spot = float(options.size[one[0]]), float(setup.spot[options.asset[one[0]]])

    def premium(at: float, side: float) -> float:
        value = float(option_price(setup, one, np.array([at]), np.array([side]), 0.0)[0])
        return value * (at if options.inverse[one[0]] else 1.0)

    bump = 1e-4 * spot
    delta = (premium(spot + bump, 0.0) - premium(spot - bump, 0.0)) / (2.0 * bump)
    spread = abs(size) * abs(premium(spot, -math.copysign(1.0, size)) - premium(spot, 0.0))
    return abs(size) * spot, size * delta * spot, spread
