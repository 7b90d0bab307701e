"""What expires on the way is settled and gone: options at intrinsic value, futures at their price.

A dated future settles at the margin price of the step, which keeps its ratio to spot (no
convergence of the basis). Positions that the backstop vault took over stay with it. Wrong where
settlement is an average over time.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.fills import Lines, fill, settlement_price
from seawall.cascade.losses import cover_deficits
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import TapeWriter
from seawall.foundation.units import SECONDS_PER_YEAR


def settle_expired(setup: Setup, state: State, step: int, paths: Ints, tape: TapeWriter) -> None:
    """Settle options and futures of paths (n,) that expire within this step, at margin prices.

    Who holds nothing any more and owes cash has a deficit, which the venue's layers cover.
    """
    table = setup.table
    options, futures = _due(setup, table.options.years, step), _due(setup, table.rows.years, step)
    unit = np.unique(np.concatenate([table.options.unit[options], table.rows.unit[futures]]))
    if unit.size == 0:
        return
    held = _holds(setup, state, paths, unit)
    if options.size:
        _settle_options(setup, state, paths, options)
    if futures.size:
        _settle_futures(setup, state, paths, futures)
    emptied = held & ~_holds(setup, state, paths, unit)
    where, n = np.nonzero(emptied)
    cover_deficits(setup, state, step, paths[where], unit[n], tape)


def expiry_steps(setup: Setup, steps: int) -> Bools:
    """True (steps + 1,) where an option or a future of any trader expires within the step."""
    out = np.zeros(steps + 1, dtype=bool)
    # Perpetuals and balances never expire, and of many rows few expiries are left.
    years = np.concatenate([setup.table.options.years, setup.table.rows.years])
    years = np.unique(years[np.isfinite(years)])
    for step in range(1, steps + 1 if years.size else 0):
        out[step] = bool(_due(setup, years, step).size)
    return out


def _holds(setup: Setup, state: State, paths: Ints, unit: Ints) -> Bools:
    """True (p, n) where a unit (n,) holds or owes anything but cash."""
    units, holdings = setup.table.units, state.holdings
    out = np.zeros((paths.size, unit.size), dtype=bool)
    for n, u in enumerate(unit):
        rows = holdings.size[paths, units.rows[u] : units.rows[u + 1]]
        options = holdings.option_size[paths, units.options[u] : units.options[u + 1]]
        out[:, n] = rows.any(axis=1) | options.any(axis=1)
    return out


def _due(setup: Setup, years: Floats, step: int) -> Ints:
    """Rows whose expiry, in years from the start, lies within a step."""
    length = setup.step_seconds / SECONDS_PER_YEAR
    return np.flatnonzero((years <= step * length) & (years > (step - 1) * length))


def _settle_options(setup: Setup, state: State, paths: Ints, due: Ints) -> None:
    options = setup.table.options
    path, option = np.repeat(paths, due.size), np.tile(due, paths.size)
    change = -state.holdings.option_size[path, option]
    lines = Lines(path, options.unit[option], option, change, np.ones(path.size, dtype=bool))
    value = state.quotes.option_value[path, option]
    settle = state.quotes.price[path, setup.table.units.settle[options.unit[option]]]
    fill(setup, state, lines, value / settle, "book")


def _settle_futures(setup: Setup, state: State, paths: Ints, due: Ints) -> None:
    rows = setup.table.rows
    path, row = np.repeat(paths, due.size), np.tile(due, paths.size)
    change = -state.holdings.size[path, row]
    lines = Lines(path, rows.unit[row], row, change, np.zeros(path.size, dtype=bool))
    spot = state.quotes.price[path, rows.feed[row]]
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, 0.0), "book")
