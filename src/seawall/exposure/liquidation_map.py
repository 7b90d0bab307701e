"""The liquidation map: how much is to be liquidated at which price, and what the cascade adds.

For each asset that is shocked on the page, every margin account is put into the first price step at
which its equity is below its maintenance margin, as that asset alone moves away from today's price
and all else stays as at the start. What it holds of the asset counts there at today's price: longs
are closed below it, shorts above. That is a static map: nobody's order moves a price in it. Beside
it stand the shocks of `exposure.shocked`, in which the orders do. What they close beyond the map is
feedback.

Wrong when assets fall together: an account with several legs is then closed sooner than here. A
loan counts with all of the asset that it holds or owes, though keepers take a part at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.exposure.shocked import TO_MARKET, TO_VAULT, TO_WINNERS, Shocked, turning
from seawall.foundation.arrays import segment_sums
from seawall.liquidation.trigger import breached
from seawall.margin.table.assess import Holdings, Quotes, assess, option_quotes
from seawall.margin.table.margin_table import RowKind

# Price steps on each side of today's price, and their width as a fraction of it.
SIDE, WIDTH = 12, 0.025
# Margin accounts that are looked at together: bounds memory, changes no bit.
BLOCK = 20_000


def moves() -> Floats:
    """The bounds of the price steps as moves from today's price, rising, (2 SIDE + 1,)."""
    return np.round(np.arange(-SIDE, SIDE + 1) * WIDTH, 6)


@dataclass(frozen=True)
class Placed:
    """Margin accounts (n,) that hold an asset, and where they are closed as it moves.

    unit            index in the margin table
    down, up        (n,) the price step in which the account falls below its maintenance margin:
                    1 next to today's price, SIDE + 1 for beyond the map, 0 below it already
    held            (n,) gross notional of the asset in the account at today's price, quote
    """

    unit: Ints
    down: Ints
    up: Ints
    held: Floats


def place(setup: Setup, asset: int) -> Placed:
    """Where each margin account that holds an asset (by column) is closed as its price moves."""
    rows, options = setup.table.rows, setup.table.options
    held = _gross(setup, asset)
    mine = np.concatenate([rows.unit[rows.asset == asset], options.unit[options.asset == asset]])
    unit = np.unique(mine)
    bent = _may_recover(setup)[unit]
    down, up = np.zeros_like(unit), np.zeros_like(unit)
    for first in range(0, unit.size, BLOCK):
        block = np.arange(first, min(first + BLOCK, unit.size))
        now = _below(setup, asset, unit[block], np.ones(block.size))
        for side, out in ((-1, down), (1, up)):
            for which, search in ((~bent[block], _halved), (bent[block], _one_by_one)):
                part = block[which & ~now]
                if part.size:
                    out[part] = search(setup, asset, unit[part], side)
    return Placed(unit, down, up, held[unit])


def _gross(setup: Setup, asset: int) -> Floats:
    """Gross notional of an asset in each margin account (u,), quote, at today's price."""
    rows, options = setup.table.rows, setup.table.options
    units, spot = setup.table.units.account.size, float(setup.spot[asset])
    mine, own = rows.asset == asset, options.asset == asset
    price = np.where(rows.kind == RowKind.INVERSE, 1.0, rows.multiplier * spot)[mine]
    unit = np.concatenate([rows.unit[mine], options.unit[own]])
    value = np.concatenate([np.abs(rows.size[mine]) * price, np.abs(options.size[own]) * spot])
    return segment_sums(value, unit, units)


def _may_recover(setup: Setup) -> Bools:
    """Accounts (u,) that a further move of the same price may bring back over their margin.

    Without options, and with margin that grows faster than the notional or not at all, equity less
    maintenance is concave in the price: once below zero it stays there.
    """
    table = setup.table
    found = np.diff(table.units.options) > 0
    jumps = table.tiers.jumps()[table.rows.tier] & (table.rows.kind != RowKind.BALANCE)
    found[table.rows.unit[jumps]] = True
    return found


def _below(setup: Setup, asset: int, unit: Ints, factor: Floats) -> Bools:
    """Whether each unit (n,) is below its maintenance margin with the asset's price at a factor
    (n,) of today's.
    """
    table = setup.table
    grid, row = np.unique(factor, return_inverse=True)
    price = np.tile(setup.spot[table.feed_asset], (grid.size, 1))
    price[:, table.feed_asset == asset] *= grid[:, None]
    if np.any(table.units.options[unit + 1] > table.units.options[unit]):
        quotes = option_quotes(table, price, setup.spot[table.feed_asset], 0.0)
        quotes.integral = np.zeros_like(price)
    else:
        nothing = np.zeros((grid.size, 0))
        quotes = Quotes(price, np.zeros_like(price), nothing, nothing)
    if setup.start_scale is not None:
        quotes.scale = np.broadcast_to(setup.start_scale, price.shape)
    holdings = Holdings(
        np.broadcast_to(table.rows.size, (grid.size, table.rows.size.size)),
        np.broadcast_to(table.options.size, (grid.size, table.options.size.size)),
        np.broadcast_to(table.units.cash, (grid.size, table.units.cash.size)),
    )
    equity, maintenance, _ = assess(table, holdings, quotes, row, unit)
    return breached(equity, maintenance)


def _factor(side: int, step: Ints) -> Floats:
    """The price at the far end of price steps (n,), over today's."""
    factor: Floats = 1.0 + (side * WIDTH) * step.astype(np.float64)
    return factor


def _halved(setup: Setup, asset: int, unit: Ints, side: int) -> Ints:
    """The first step (n,) at whose far end a unit is below its margin, by halving."""
    first, last = np.ones(unit.size, dtype=np.int64), np.full(unit.size, SIDE + 1)
    while True:
        open_ = np.flatnonzero(first < last)
        if open_.size == 0:
            return first
        middle = (first[open_] + last[open_]) // 2
        below = _below(setup, asset, unit[open_], _factor(side, middle))
        last[open_] = np.where(below, middle, last[open_])
        first[open_] = np.where(below, first[open_], middle + 1)


def _one_by_one(setup: Setup, asset: int, unit: Ints, side: int) -> Ints:
    """The same by looking at every step."""
    steps = np.repeat(np.arange(1, SIDE + 1), unit.size)
    below = _below(setup, asset, np.tile(unit, SIDE), _factor(side, steps)).reshape(SIDE, -1)
    first: Ints = np.where(below.any(axis=0), below.argmax(axis=0) + 1, SIDE + 1)
    return first


def liquidation_map(
    setup: Setup, assets: tuple[str, ...], shocked: Shocked | None, focus: str
) -> dict[str, Any]:
    """The `liquidation_map` block: notional by price step, and the shocks, of each asset.

    shocked: what `run_shocks` found; None where orders leave no trace in the price
    focus: the asset whose map stands first on the page
    """
    out: dict[str, Any] = {"moves": moves().tolist(), "focus": focus, "assets": {}}
    for name in assets:
        k = setup.table.assets.index(name)
        placed = place(setup, k)
        out["assets"][name] = {
            "price": float(setup.spot[k]),
            **_columns(setup, placed),
            "shocks": [] if shocked is None else _shocks(setup, placed, shocked, k),
            "turning": {} if shocked is None else _turning(shocked, k),
        }
    return out


def _columns(setup: Setup, placed: Placed) -> dict[str, Any]:
    """Notional by price step, rising, of the crowd and of desks; accounts; what is below now."""
    own = setup.is_desk[placed.unit]
    # Columns run from the far end of the falls to the far end of the rises.
    at = [(SIDE - placed.down, (placed.down > 0) & (placed.down <= SIDE))]
    at += [(SIDE + placed.up - 1, (placed.up > 0) & (placed.up <= SIDE))]

    def summed(which: Bools, weight: Floats) -> list[float]:
        total = np.zeros(2 * SIDE)
        for column, inside in at:
            mine = inside & which
            total += np.bincount(column[mine], weight[mine], 2 * SIDE)
        return total.tolist()

    one = np.ones(own.size)
    return {
        "crowd": summed(~own, placed.held),
        "desk": summed(own, placed.held),
        "accounts": [int(n) for n in summed(one > 0.0, one)],
        "below_now": float(placed.held[placed.down == 0].sum()),
        "held": float(placed.held.sum()),
    }


def _shocks(setup: Setup, placed: Placed, shocked: Shocked, asset: int) -> list[dict[str, Any]]:
    """Each shock of one asset, deepest fall first."""
    out = []
    mine, others = _whole(setup, asset)
    for move in shocked.of(asset):
        found = shocked.at(asset, move)
        side = placed.down if move < 0.0 else placed.up
        fallen = placed.unit[side <= round(abs(move) / WIDTH)]
        out.append(
            {
                "shock": move,
                "ratio": found.ratio,
                "low": found.low,
                "high": found.high,
                "draws": found.draws,
                "below_margin": float((others[fallen] + mine[fallen] * (1.0 + move)).sum()),
                "into_market": float(found.closed[TO_MARKET]),
                "backstop": float(found.closed[TO_VAULT]),
                "deleveraged": float(found.closed[TO_WINNERS]),
            }
        )
    return out


def _whole(setup: Setup, asset: int) -> tuple[Floats, Floats]:
    """What closing each margin account (u,) whole would trade at today's prices, quote: what moves
    with the price of one asset, and the rest, its inverse contracts (of a fixed notional) among it.
    Of balances what is held counts, which is what keepers seize.
    """
    rows, options, spot = setup.table.rows, setup.table.options, setup.spot
    units = setup.table.units.account.size
    price = np.where(rows.kind == RowKind.INVERSE, 1.0, rows.multiplier * spot[rows.asset])
    size = np.where(rows.kind == RowKind.BALANCE, np.maximum(rows.size, 0.0), np.abs(rows.size))
    value = np.concatenate([size * price, np.abs(options.size) * spot[options.asset]])
    unit = np.concatenate([rows.unit, options.unit])
    moving = np.where(rows.kind == RowKind.INVERSE, -1, rows.asset)
    own = np.concatenate([moving, options.asset]) == asset
    own_part = np.where(own, value, 0.0)
    return segment_sums(own_part, unit, units), segment_sums(value - own_part, unit, units)


def _turning(shocked: Shocked, asset: int) -> dict[str, Any]:
    """Where and why amplification falls as shocks deepen, by side: nothing where it does not."""
    out = {}
    for name, side in (("falls", -1), ("rises", 1)):
        found = turning(shocked, asset, side)
        if found is not None:
            out[name] = {"from": found[0], "to": found[1], "why": found[2]}
    return out
