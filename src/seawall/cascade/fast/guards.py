"""Bounds of option accounts, tabled once: most steps then need no option to be priced.

A long option adds as much to maintenance as to equity, a short one of size s takes s x its
requirement R from the buffer. For every cell of prices and slice of time the table holds the
largest R: Black's value rises with volatility, with time left, and with the forward for
calls (falls for puts); the requirement rises with value and spot. So ends of the cell bound it:

    call: R <= R(V(F_high, T_high, v_high), S_high)    put: R <= R(V(F_low, T_high, v_high), S_high)

An account is priced exactly when the bound cannot tell that it is healthy: no answer changes. The
width of the bound is what it costs to be looked at more often. Source: Seawall's own; monotone
Black values, Black (1976). Left out where the settlement currency moves or a mechanism moves
margin or quotes.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.slots import CLOSING
from seawall.cascade.setup import Setup
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.options.standard import short_margin
from seawall.margin.table.assess import VOLATILITY_FLOOR
from seawall.valuation.black import black

# Cells are this wide, as a share of the price at the start, and reach to so many times it.
WIDTH = 0.0025
REACH = 4.0
SLICES = 24
# Added to every bound: rounding of the exact value that it stands for.
ROUNDING = 1e-9


def compile_guards(setup: Setup, steps: int) -> layout.Guards:
    """Tables of all contracts that some unit is short of, for a run of ``steps`` steps."""
    options, units = setup.table.options, setup.table.units
    slices, slice_steps = time_slices(steps)
    known = np.zeros(units.account.size, dtype=bool)
    table = np.full(options.size.size, -1, dtype=np.int64)
    tables: list[Floats] = []
    number: dict[int, int] = {}
    for u in np.flatnonzero(np.diff(units.options)).tolist():
        mine = np.arange(units.options[u], units.options[u + 1])
        known[u] = bounded(setup, u, mine)
        if not known[u]:
            continue
        for o in mine[options.size[mine] < 0.0].tolist():
            # Many accounts hold few contracts.
            if (contract := int(options.contract[o])) not in number:
                number[contract] = len(tables)
                tables.append(_contract_table(setup, o, slices, slice_steps) * (1.0 + ROUNDING))
            table[o] = number[contract]
    cells = cell_count()
    return layout.Guards(
        known=known,
        options=units.options,
        feed=options.feed,
        origin=setup.spot[setup.table.feed_asset[options.feed]],
        table=table,
        most=np.array(tables).reshape(len(tables), slices, cells),
        width=WIDTH,
        slice_steps=slice_steps,
    )


def time_slices(steps: int) -> tuple[int, int]:
    """How many slices of time a run of ``steps`` steps has, and the steps of each."""
    slice_steps = max(1, -(-(steps + 1) // SLICES))
    return -(-(steps + 1) // slice_steps), slice_steps


def cell_count() -> int:
    """How many cells of prices a table has, from a price of 0 on."""
    return round(REACH / WIDTH)


def bounded(setup: Setup, u: int, mine: Ints) -> bool:
    """Whether the bound above holds for the options ``mine`` of a unit."""
    table = setup.table
    in_quote = table.feed_asset[table.units.settle[u]] == setup.quote
    still = set(setup.mechanisms[table.units.venue[u]]) <= CLOSING
    return bool(still and (in_quote or table.options.inverse[mine].all()))


def _contract_table(setup: Setup, o: int, slices: int, slice_steps: int) -> Floats:
    """Largest requirement (slices, cells) of one short unit of an option."""
    cells = np.arange(cell_count())
    return np.array([largest_due(setup, o, cells, n, slice_steps) for n in range(slices)])


def largest_due(setup: Setup, o: int, cells: Ints, n: int, slice_steps: int) -> Floats:
    """Largest requirement (cells,) of one short unit of option ``o`` over cells and slice ``n``.

    0 in slices that begin after the option is gone.
    """
    options, step = setup.table.options, setup.step_seconds / SECONDS_PER_YEAR
    begins, ends = n * slice_steps * step, (n + 1) * slice_steps * step
    # Gone once its own step has settled it.
    if options.years[o] + step < begins:
        return np.zeros(cells.size)
    spot = float(setup.spot[setup.table.feed_asset[options.feed[o]]])
    low = np.asarray(cells, dtype=np.float64) * (WIDTH * spot)
    high = low + WIDTH * spot
    left = np.maximum(options.years[o] - np.array([begins, ends]), 0.0)
    # As `forward_ratio`, of one option.
    ratios = 1.0 + (options.forward_ratio[o] - 1.0) * left / options.years[o]
    start = setup.spot[setup.table.feed_asset[options.feed[o]]]
    ends_of_cell = np.stack([low, high]) / start - 1.0
    vol = np.max(options.volatility[o] + options.slope[o] * ends_of_cell, axis=0)
    vol = np.maximum(vol, VOLATILITY_FLOOR)
    call = options.call[[o]]
    forward = high * ratios.max() if call[0] else np.maximum(low * ratios.min(), 1e-12 * start)
    value = black(forward, options.strike[o], left[0], vol, call)
    if options.inverse[o]:
        value = value / ratios.min()
    rule = setup.table.option_rules[int(options.venue[o])]
    _, due = short_margin(rule, value, high, np.full_like(high, options.strike[o]), call)
    return np.asarray(due)
