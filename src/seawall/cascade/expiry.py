"""What expires on the way is settled and gone: options at intrinsic value, futures at their price.

A dated future settles at the margin price of the step, which keeps its ratio to spot (no
convergence of the basis). Positions that the backstop vault took over stay with it. Wrong where
settlement is an average over time.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import Lines, fill, settlement_price
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.units import SECONDS_PER_YEAR


def settle_expired(setup: Setup, state: State, step: int) -> None:
    """Settle options and futures whose expiry lies within this step, at margin prices."""
    options = _due(setup, setup.table.options.years, step)
    if options.size:
        _settle_options(setup, state, options)
    futures = _due(setup, setup.table.rows.years, step)
    if futures.size:
        _settle_futures(setup, state, futures)


def _due(setup: Setup, years: Floats, step: int) -> Ints:
    """Rows whose expiry, in years from the start, lies within a step."""
    length = setup.step_seconds / SECONDS_PER_YEAR
    return np.flatnonzero((years <= step * length) & (years > (step - 1) * length))


def _settle_options(setup: Setup, state: State, due: Ints) -> None:
    options, paths = setup.table.options, state.depth.size
    path, option = np.repeat(np.arange(paths), due.size), np.tile(due, paths)
    change = -state.holdings.option_size[path, option]
    lines = Lines(path, options.unit[option], option, change, np.ones(path.size, dtype=bool))
    value = state.quotes.option_value[path, option]
    settle = state.quotes.price[path, setup.table.units.settle[options.unit[option]]]
    fill(setup, state, lines, value / settle, "book")


def _settle_futures(setup: Setup, state: State, due: Ints) -> None:
    rows, paths = setup.table.rows, state.depth.size
    path, row = np.repeat(np.arange(paths), due.size), np.tile(due, paths)
    change = -state.holdings.size[path, row]
    lines = Lines(path, rows.unit[row], row, change, np.zeros(path.size, dtype=bool))
    spot = state.quotes.price[path, rows.feed[row]]
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, 0.0), "book")
