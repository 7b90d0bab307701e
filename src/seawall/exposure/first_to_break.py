"""What breaks first: account, leg, kind, and how far away it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.case.impairment_kinds import KINDS, ImpairmentKind
from seawall.exposure.impairment import Impairment, desk_columns
from seawall.foundation.units import daily_sigma
from seawall.margin.table.assess import Holdings, assess, option_quotes

# Prices are searched from the present one down to 2% and up to 50 times of it.
LOWEST, HIGHEST, GRID = 0.02, 50.0, 600


def leg_facts(setup: Setup, leg: int) -> tuple[str, str, str]:
    """Instrument (or asset), side and underlying of a leg: a row, or rows + option."""
    rows, options, book = setup.table.rows, setup.table.options, setup.book
    if leg >= rows.unit.size:
        option = leg - rows.unit.size
        position, size, asset = (
            options.position[option],
            options.size[option],
            options.asset[option],
        )
    else:
        position, size, asset = rows.position[leg], rows.size[leg], rows.asset[leg]
    underlying = setup.table.assets[asset]
    name = underlying
    if position >= 0:
        name = book.instruments[book.position_instrument[position]].name
    return name, "long" if size > 0 else "short", underlying


def liquidation_price(setup: Setup, unit: int, asset: int, upward: bool) -> float | None:
    """Price of one asset at which a unit's equity meets its maintenance, all else unchanged.

    Searched from the present price in one direction, on a log grid and then refined by bisection;
    None where there is no such price between 2% and 50 times of the present one.
    """
    end = HIGHEST if upward else LOWEST
    grid = np.exp(np.linspace(0.0, np.log(end), GRID))
    health = _health(setup, unit, asset, grid)
    below = np.flatnonzero(health < 0)
    if below.size == 0 or below[0] == 0:
        return None if below.size == 0 else float(setup.spot[asset])
    safe, broken = grid[below[0] - 1], grid[below[0]]
    for _ in range(5):
        inner = np.linspace(safe, broken, 65)
        first = np.flatnonzero(_health(setup, unit, asset, inner) < 0)
        at = int(first[0]) if first.size else 64
        safe, broken = inner[max(at - 1, 0)], inner[at]
    return float(broken * setup.spot[asset])


def _health(setup: Setup, unit: int, asset: int, factor: Floats) -> Floats:
    """Equity - maintenance of one unit with one asset's price multiplied by each factor (g,)."""
    table, count = setup.table, factor.size
    price = np.tile(setup.spot[table.feed_asset], (count, 1))
    price[:, table.feed_asset == asset] *= factor[:, None]
    quotes = option_quotes(table, price, setup.spot[table.feed_asset], 0.0)
    quotes.integral = np.zeros_like(price)
    holdings = Holdings(
        np.broadcast_to(table.rows.size, (count, table.rows.size.size)),
        np.broadcast_to(table.options.size, (count, table.options.size.size)),
        np.broadcast_to(table.units.cash, (count, table.units.cash.size)),
    )
    equity, maintenance, _ = assess(table, holdings, quotes, np.arange(count), np.full(count, unit))
    return equity - maintenance


def _nearest(setup: Setup, unit: int, asset: int) -> float | None:
    """The nearer of the two liquidation prices of a unit in one asset."""
    spot = setup.spot[asset]
    found = [liquidation_price(setup, unit, asset, up) for up in (False, True)]
    prices = [price for price in found if price is not None]
    return min(prices, key=lambda price: abs(price / spot - 1.0)) if prices else None


def _legs_of(setup: Setup, unit: int) -> list[int]:
    units, rows = setup.table.units, setup.table.rows
    legs = list(range(units.rows[unit], units.rows[unit + 1]))
    options = range(units.options[unit], units.options[unit + 1])
    return legs + [rows.unit.size + o for o in options]


def _entry(setup: Setup, unit: int, leg: int, kind: str, paths: int, total: int) -> dict[str, Any]:
    book, units = setup.book, setup.table.units
    account = book.account_names[units.account[unit]] if unit >= 0 else ""
    name, side, underlying = leg_facts(setup, leg) if leg >= 0 else ("", "", "")
    price = distance = None
    if leg >= 0 and kind == "liquidation":
        asset = setup.table.assets.index(underlying)
        price = _nearest(setup, unit, asset)
        if price is not None:
            fraction = price / float(setup.spot[asset]) - 1.0
            sigma = daily_sigma(setup.case.market.assets[underlying].volatility)
            sigmas = abs(fraction) / sigma if sigma > 0 else None
            distance = {"fraction": fraction, "daily_sigmas": sigmas}
    return {
        "account": account,
        "instrument": name,
        "kind": kind,
        "side": side,
        "underlying": underlying,
        "probability": paths / total,
        "paths": paths,
        "liquidation_price": price,
        "distance": distance,
    }


def first_to_break(
    setup: Setup, impairment: Impairment, owner: str, step: int
) -> list[dict[str, Any]]:
    """First impairments of a desk within a step, grouped by account, leg and kind, likeliest first.

    Probabilities sum to the desk's DRE. An account that never broke first is listed with its
    nearest leg and probability 0, where liquidations count.
    """
    hit = np.flatnonzero(impairment.step <= step)
    total = impairment.step.size
    keys = np.stack([impairment.unit[hit], impairment.leg[hit], impairment.kind[hit]], axis=1)
    groups, counts = np.unique(keys, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    out = [
        _entry(setup, int(u), int(leg), str(KINDS[k]), int(n), total)
        for (u, leg, k), n in zip(groups[order], counts[order], strict=True)
    ]
    if ImpairmentKind.LIQUIDATION not in setup.case.impairments:
        return out
    seen = set(groups[:, 0].tolist())
    quiet = [
        nearest
        for unit in setup.desk_units[desk_columns(setup, owner)].tolist()
        if unit not in seen and (nearest := _nearest_leg(setup, unit, total)) is not None
    ]
    return out + sorted(quiet, key=lambda entry: float(entry["distance"]["daily_sigmas"]))


def _nearest_leg(setup: Setup, unit: int, total: int) -> dict[str, Any] | None:
    """The leg of a unit whose liquidation price is fewest daily sigmas away."""
    seen: dict[str, dict[str, Any]] = {}
    for leg in _legs_of(setup, unit):
        underlying = leg_facts(setup, leg)[2]
        if underlying not in seen:
            seen[underlying] = _entry(setup, unit, leg, "liquidation", 0, total)
    near = [e for e in seen.values() if e["distance"] and e["distance"]["daily_sigmas"]]
    return min(near, key=lambda e: float(e["distance"]["daily_sigmas"])) if near else None
