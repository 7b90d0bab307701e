"""What it costs a desk to be out of its book at once, calm and stressed; and the spread alone.

At once: the net exposure to each asset, options by their delta, is walked through the Case's own
impact law at its depth, all of it in one order. Stressed: the same at the depth that the model
interval's thin world has, thinned as volatility STRESS times the normal one thins it,

    depth x exp(-1.5 depth_error) / (1 + thinning (STRESS - 1))

Spread (Bangia, Diebold, Schuermann and Stroughair 1999): V (mean + a sd) / 2 of each asset whose
spread the market states, a = SPREAD_FACTOR; of options half their stated spread in volatility.
Liquidity-adjusted VaR is VaR plus one of the three. Wrong where price risk and cost of exit do not
peak together (adding them overstates then), and where others leave through the same door, which
the walk does not see and the paths of `check` do. STRESS and SPREAD_FACTOR are assumptions (A13).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.exposure.concentration import exit_cost
from seawall.exposure.liquidity import liquidity_adjusted_var
from seawall.exposure.model_interval import NODE
from seawall.exposure.tail.static_book import StaticBook
from seawall.impact.book_walk import BookWalk
from seawall.margin.table.assess import option_quotes

# Volatility of a stressed day over the normal one, for the thinning of depth.
STRESS = 3.0
# Standard deviations of the spread on a bad day: the authors found 2 to 4.5 on their markets.
SPREAD_FACTOR = 3.0


@dataclass(frozen=True)
class Leaving:
    """One asset's exit: cost at calm and stressed depth, spread add-on, quote; None: not known."""

    calm: float | None
    stressed: float | None
    spread: float | None


def stressed_depth(setup: Setup) -> float:
    """Stressed over calm depth."""
    scenario = setup.case.market.scenario
    thin = math.exp(-NODE * scenario.depth_error)
    return thin / (1.0 + scenario.thinning * (STRESS - 1.0))


def leaving(setup: Setup, asset: str, exposure: float) -> Leaving:
    """Costs of closing ``exposure`` (quote, signed: long > 0) of an asset at once."""
    calm = exit_cost(setup, asset, -exposure)
    stressed = exit_cost(setup, asset, -exposure, stressed_depth(setup))
    return Leaving(_finite(calm), _finite(stressed), spread_cost(setup, asset, exposure))


def spread_cost(setup: Setup, asset: str, exposure: float) -> float | None:
    """Bangia's add-on for an exposure, quote; None where the market states no spread."""
    state = setup.case.market.assets[asset]
    mean, spread_sd = state.spread, state.spread_sd
    if mean is None:
        walk = chosen(setup.market_mechanisms, "impact", BookWalk)
        if walk is None:
            return None
        mean = 2.0 * walk.half_spread
    _, add_on, _ = liquidity_adjusted_var(abs(exposure), 0.0, 0.0, mean, spread_sd, SPREAD_FACTOR)
    return add_on


def option_spreads(book: StaticBook) -> float:
    """Half the stated spread of a desk's options, in volatility, as quote; 0 without any."""
    setup, table = book.setup, book.setup.table
    mine = np.isin(table.options.unit, book.units)
    if not mine.any():
        return 0.0
    start = setup.spot[table.feed_asset]
    wider = replace(
        table,
        options=replace(
            table.options, volatility=table.options.volatility + table.options.half_spread
        ),
    )
    values: list[Floats] = [
        option_quotes(t, start[None, :], start, 0.0).option_value[0] for t in (table, wider)
    ]
    cost = np.abs(table.options.size * (values[1] - values[0]))
    return float(cost[mine].sum())


def _finite(cost: float) -> float | None:
    return cost if math.isfinite(cost) else None
