"""At 10,000 random points inside cells no option requires more than its table says.

Price, time, volatility, smile, strike, expiry, forward, call or put, linear or inverse are drawn.
A table that is off by one cell or one slice, or read on a grid four times as coarse, is caught.
"""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import OPTION_MARGIN, QUOTE, Held, Trader, coin, option, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.fast.guards import compile_guards
from seawall.cascade.setup import Setup
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import option_quotes
from seawall.market.state import InstrumentState

STEPS, OPTIONS, MARKETS, SEEDS = 1_440, 25, 150, 4


def sellers(seed: int) -> Setup:
    """Each account short of one random option; odd seeds inverse ones, paid in the coin."""
    draw = np.random.default_rng(seed)
    options, states = [], {}
    for n in range(OPTIONS):
        made = option(
            f"O{n}",
            "BTC",
            float(draw.uniform(20.0, 300.0)),
            call=bool(draw.random() < 0.5),
            days=float(np.exp(draw.uniform(np.log(0.1), np.log(200.0)))),
            inverse=bool(seed % 2),
        )
        options.append(made)
        states[made.name] = InstrumentState(
            mark=float(draw.uniform(85.0, 115.0)),
            implied_volatility=float(draw.uniform(0.05, 2.0)),
            implied_slope=float(draw.uniform(-1.0, 1.0)),
        )
    cash = "BTC" if seed % 2 else QUOTE
    traders = [Trader("o", [Held(o.name, -1.0, 0.0)], {cash: 500.0}) for o in options]
    venue = perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN)
    return prepare(tiny_case(traders, options, {"o": venue}, {"BTC": coin(100.0)}, states=states))


def excess(setup: Setup, most: np.ndarray, guards, coarse: int, seed: int) -> np.ndarray:
    """Requirement less the table's bound, over the requirement, of options that are there.

    coarse  cells are read as if they were so many times as wide
    """
    draw = np.random.default_rng(1_000 + seed)
    step = draw.integers(1, STEPS + 1, MARKETS)
    factor = np.exp(draw.uniform(np.log(0.2), np.log(3.9), MARKETS))
    factor[:10] = np.arange(10, 20) * 0.0025 * 13  # on the edges of cells, too
    start = setup.spot[setup.table.feed_asset]
    moves = setup.table.feed_asset == setup.table.assets.index("BTC")
    price = np.where(moves, factor[:, None], 1.0) * start
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    exact = option_quotes(setup.table, price, start, years[:, None]).option_short
    cell = (price[:, guards.feed] / guards.origin / guards.width).astype(np.int64)
    cell = cell // coarse * coarse
    bound = most[guards.table, (step // guards.slice_steps)[:, None], cell]
    there = setup.table.options.years > years[:, None]
    over = (exact - bound) / exact
    return over[there]


@pytest.fixture(scope="module")
def drawn():
    """Setups and their tables."""
    setups = [sellers(seed) for seed in range(SEEDS)]
    tables = [compile_guards(setup, STEPS) for setup in setups]
    assert all(table.known.all() and (table.table >= 0).all() for table in tables)
    return list(zip(range(SEEDS), setups, tables, strict=True))


def test_the_bound_holds_at_ten_thousand_points(drawn) -> None:
    found = np.concatenate([excess(s, g.most, g, 1, seed) for seed, s, g in drawn])
    assert found.size >= 10_000
    assert found.max() <= 0.0
    # And it is no idle bound: half of the points lie within 2% of it.
    assert np.median(-found) < 0.02


MUTANTS = {
    "the cell below": lambda most: np.roll(most, 1, axis=2),
    "the cell above": lambda most: np.roll(most, -1, axis=2),
    "the next slice of time": lambda most: np.roll(most, -1, axis=1),
    "the smaller of two cells": lambda most: np.minimum(most, np.roll(most, 1, axis=2)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_table_that_is_off_is_caught(drawn, mutant) -> None:
    found = [excess(s, MUTANTS[mutant](g.most), g, 1, seed).max() for seed, s, g in drawn]
    assert min(found) > 0.0, "each of the setups must catch it"


def test_a_grid_that_is_too_coarse_is_caught(drawn) -> None:
    for seed, setup, guards in drawn:
        assert excess(setup, guards.most, guards, 4, seed).max() > 0.0
