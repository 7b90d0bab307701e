"""Options that expire on the way pay their intrinsic value and are gone."""

from __future__ import annotations

import numpy as np

from seawall.cascade.fills import Lines, fill
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.units import SECONDS_PER_YEAR


def settle_expired(setup: Setup, state: State, step: int) -> None:
    """Settle options whose expiry lies within this step, at the margin price of the underlying."""
    options = setup.table.options
    if options.unit.size == 0:
        return
    now = step * setup.step_seconds / SECONDS_PER_YEAR
    before = (step - 1) * setup.step_seconds / SECONDS_PER_YEAR
    due = np.flatnonzero((options.years <= now) & (options.years > before))
    if due.size == 0:
        return
    paths = state.depth.size
    path = np.repeat(np.arange(paths), due.size)
    option = np.tile(due, paths)
    lines = Lines(
        path,
        options.unit[option],
        option,
        -state.holdings.option_size[path, option],
        np.ones(path.size, dtype=bool),
    )
    value = state.quotes.option_value[path, option]
    spot = state.quotes.price[path, options.feed[option]]
    fill(setup, state, lines, np.where(options.inverse[option], value / spot, value), "book")
