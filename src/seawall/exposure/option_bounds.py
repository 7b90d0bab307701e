"""How far the tables that bound options lie above what the options do require.

The compiled engine prices an account's options only where a table cannot show that the account is
healthy (`seawall.cascade.fast.guards`). So nothing in a result is interpolated; what the width of a
cell costs is looks, not digits. This says how wide the tables are, for each account of a desk:

    slack = bound over the cell and slice of time - exact requirement at a point inside, >= 0

at the start, and at its largest over a sample of points; and at how many of these points the table
alone shows that the account is healthy. A point moves all underlyings of the account's options by
the same factor and lies in the middle of its cell, at the last step of its slice; holdings are
those of the start and funding is left out. It is a property of the Case and the horizon: no engine,
number of threads or cut into pieces enters, and the plain loop reports the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fast.guards import (
    ROUNDING,
    WIDTH,
    bounded,
    largest_due,
    time_slices,
)
from seawall.cascade.setup import Setup
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import Holdings, Quotes, assess, option_quotes
from seawall.margin.table.margin_table import OptionRows

# The sample: every tenth cell from half to one and a half of the price at the start, in every
# fourth slice and the last one.
LOWEST, HIGHEST, EVERY_CELL, EVERY_SLICE = 0.5, 1.5, 10, 4


@dataclass(frozen=True)
class Sample:
    """Points inside cells, (g,) each, the start first: cell, slice, price factor, step."""

    cell: Ints
    slice: Ints
    factor: Floats
    step: Ints
    slice_steps: int


def sample(steps: int) -> Sample:
    """The start, in its own cell, and then the points of the sample, by slice."""
    slices, slice_steps = time_slices(steps)
    cells = np.arange(round(LOWEST / WIDTH), round(HIGHEST / WIDTH) + 1, EVERY_CELL)
    some = np.union1d(np.arange(0, slices, EVERY_SLICE), [slices - 1])
    last = np.minimum((some + 1) * slice_steps - 1, steps)
    return Sample(
        np.append(round(1.0 / WIDTH), np.tile(cells, some.size)),
        np.append(0, np.repeat(some, cells.size)),
        np.append(1.0, np.tile((cells + 0.5) * WIDTH, some.size)),
        np.append(0, np.repeat(last, cells.size)),
        slice_steps,
    )


@dataclass(frozen=True)
class Bounds:
    """What a unit's short options take from its buffer at the points of a sample, quote: (g,).

    exact, bound  the requirement and the table's bound of it, of options that are still there
    buffer        equity - maintenance without any option
    """

    exact: Floats
    bound: Floats
    buffer: Floats

    @property
    def slack(self) -> Floats:
        """By how much the bound lies above the requirement."""
        return self.bound - self.exact

    @property
    def share(self) -> Floats:
        """The slack over the requirement; 0 where no short option is left."""
        left = self.exact > 0.0
        return np.where(left, self.slack / np.where(left, self.exact, 1.0), 0.0)


def option_bounds_block(setup: Setup, steps: int) -> dict[str, Any]:
    """`option_bounds` of the result; nothing where no account holds options."""
    units = setup.table.units
    holders = np.flatnonzero(np.diff(units.options))
    if not holders.size:
        return {}
    own = holders[setup.is_desk[holders]]
    known = {u: bounded(setup, u, _options_of(setup, u)) for u in holders.tolist()}
    points = sample(steps)
    slices, slice_steps = time_slices(steps)
    others = [known[u] for u in holders.tolist() if not setup.is_desk[u]]
    return {
        "option_bounds": {
            "cell_width": WIDTH,
            "slice_seconds": slice_steps * setup.step_seconds,
            "slices": slices,
            "sampled_points": points.cell.size - 1,
            "lowest_price": float(points.factor[1:].min()),
            "highest_price": float(points.factor[1:].max()),
            # By construction: what a table leaves in doubt is priced. Laws L6 and L10 test it.
            "interpolation_error": 0.0,
            "accounts": [_account(setup, u, known[u], points) for u in own.tolist()],
            "other_accounts": len(others),
            "other_accounts_tabled": int(sum(others)),
        }
    }


def _options_of(setup: Setup, u: int) -> Ints:
    units = setup.table.units
    return np.arange(units.options[u], units.options[u + 1])


def _account(setup: Setup, u: int, tabled: bool, points: Sample) -> dict[str, Any]:
    """One margin account: null where it has no table, and its options are always priced."""
    table, mine = setup.table, _options_of(setup, u)
    account = int(table.units.account[u])
    row: dict[str, Any] = {
        "account": setup.book.account_names[account],
        "venue": setup.book.account_venue[account],
        "settle": table.assets[table.feed_asset[table.units.settle[u]]],
        "options": int(mine.size),
        "short_options": int(np.sum(table.options.size[mine] < 0.0)),
        "tabled": tabled,
    }
    if not tabled:
        names = ("requirement", "slack", "slack_share", "largest_slack", "largest_slack_share")
        return row | dict.fromkeys((*names, "healthy_share", "decided_share"))
    found = bounds_at(setup, u, points)
    buffer = found.buffer[1:]
    return row | {
        "requirement": float(found.exact[0]),
        "slack": float(found.slack[0]),
        "slack_share": float(found.share[0]),
        "largest_slack": float(found.slack[1:].max()),
        "largest_slack_share": float(found.share[1:].max()),
        "healthy_share": float(np.mean(buffer >= found.exact[1:])),
        "decided_share": float(np.mean(buffer > found.bound[1:])),
    }


def bounds_at(setup: Setup, u: int, points: Sample) -> Bounds:
    """Requirement, bound and buffer of a unit that has a table, at the points of a sample."""
    table, options = setup.table, setup.table.options
    mine = _options_of(setup, u)
    shorts = mine[options.size[mine] < 0.0]
    start = setup.spot[table.feed_asset]
    step = setup.step_seconds / SECONDS_PER_YEAR
    years = points.step.astype(np.float64) * step
    moving = np.isin(table.feed_asset, np.unique(table.feed_asset[options.feed[mine]]))
    price = np.where(moving, points.factor[:, None], 1.0) * start
    chosen = replace(table, options=_rows(options, shorts))
    due = option_quotes(chosen, price, start, years[:, None]).option_short
    exact, bound = np.zeros(points.cell.size), np.zeros(points.cell.size)
    for k, o in enumerate(shorts.tolist()):
        # What expires is looked at in its own step, settled at its end, and owes nothing after.
        there = options.years[o] + step > years
        size = -float(options.size[o])
        exact += np.where(there, size * due[:, k], 0.0)
        most = _tabled(setup, o, points) * (1.0 + ROUNDING)
        bound += np.where(there, size * most, 0.0)
    return Bounds(exact, bound, buffer_without_options(setup, u, price))


def _tabled(setup: Setup, o: int, points: Sample) -> Floats:
    """The table's entries (g,) for one short unit of an option, as the engine makes them."""
    out = np.empty(points.cell.size)
    for n in np.unique(points.slice).tolist():
        here = points.slice == n
        out[here] = largest_due(setup, o, points.cell[here], n, points.slice_steps)
    return out


def _rows(options: OptionRows, chosen: Ints) -> OptionRows:
    """Some option rows: columns (o,), every one of them."""
    columns = {field.name: getattr(options, field.name)[chosen] for field in fields(options)}
    return replace(options, **columns)


def buffer_without_options(setup: Setup, u: int, price: Floats) -> Floats:
    """Equity - maintenance (g,) of a unit at feed prices (g, f), its options left out."""
    table, count = setup.table, price.shape[0]

    def each(row: Floats) -> Floats:
        return np.broadcast_to(row, (count, row.size))

    none = np.zeros(table.options.size.size)
    holdings = Holdings(each(table.rows.size), each(none), each(table.units.cash))
    empty = np.zeros(price.shape[1])
    quotes = Quotes(price, each(empty), each(none), each(none))
    everywhere, unit = np.arange(count), np.full(count, u)
    equity, maintenance, _ = assess(table, holdings, quotes, everywhere, unit)
    return equity - maintenance
