"""Directions of prices that reverse stress searches along, each with its name.

Of every asset at the scope's venues: up and down, the others following as the correlation says, and
alone; all together up and down (what moves an equally weighted index most); for the two largest
assets a circle of directions; and of each margin account of the scope the direction in which
equity less maintenance falls fastest for its plausibility: u = -L'g / |L'g|, g its
gradient in daily sigmas.
For an account that is linear in prices that direction holds its closest impairing move, exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.exposure.reverse.measure import Units
from seawall.margin.table.assess import Holdings, assess, option_quotes

# Directions of the circle, where the scope holds two assets and where it holds more.
CIRCLE, SMALL_CIRCLE = 48, 12
# Steepest directions of at most so many margin accounts, those with least equity first.
STEEPEST = 12
# Two directions are one from this cosine on.
SAME = 1.0 - 1e-9
# A correlation matrix worse conditioned than this has no "alone".
CONDITION = 1e8
NUDGE = 1e-4


@dataclass(frozen=True)
class Directions:
    """Unit vectors u (j, m) and their names."""

    vector: Floats
    name: tuple[str, ...]

    def only(self, rows: Ints) -> Directions:
        """Some of them."""
        return Directions(self.vector[rows], tuple(self.name[j] for j in rows.tolist()))


def directions_of(setup: Setup, units: Units, margin_accounts: Ints, held: Ints) -> Directions:
    """Directions for a scope: its margin accounts (u,) and the assets (h,) it holds, largest first,
    as places in ``units.assets``.
    """
    names = [setup.table.assets[k] for k in units.assets]
    found: list[tuple[str, Floats]] = []
    whole = np.linalg.cond(units.factor) < CONDITION
    for place in held.tolist():
        follow = units.factor[place]
        alone = np.linalg.solve(units.factor, np.eye(len(names))[place]) if whole else follow
        for sign, word in ((-1.0, "down"), (1.0, "up")):
            found.append((f"{names[place]} {word}, others follow", sign * follow))
            found.append((f"{names[place]} {word} alone", sign * alone))
    if held.size > 1:
        together = units.factor[held].sum(axis=0)
        found += [("all down", -together), ("all up", together)]
        found += _circle(units, names, held)
    found += _steepest(setup, units, margin_accounts)
    return _distinct(found)


def _circle(units: Units, names: list[str], held: Ints) -> list[tuple[str, Floats]]:
    """Directions around the plane of the two largest assets, the others following."""
    count = CIRCLE if held.size == 2 else SMALL_CIRCLE
    one = units.factor[held[0]]
    other = units.factor[held[1]] - (units.factor[held[1]] @ one) * one
    length = float(np.linalg.norm(other))
    if length < 1e-6:
        return []
    label = f"{names[held[0]]} and {names[held[1]]}, at {{:g}} degrees"
    out = []
    for n in range(count):
        angle = 2.0 * math.pi * n / count
        vector = math.cos(angle) * one + math.sin(angle) * other / length
        out.append((label.format(360.0 * n / count), vector))
    return out


def _steepest(setup: Setup, units: Units, margin_accounts: Ints) -> list[tuple[str, Floats]]:
    if margin_accounts.size == 0:
        return []
    equity = setup.start_equity[0][margin_accounts]
    chosen = margin_accounts[np.argsort(equity, kind="stable")[:STEEPEST]]
    book, table = setup.book, setup.table
    out = []
    for unit in chosen.tolist():
        gradient = _gradient(setup, units, unit)
        vector = -units.factor.T @ gradient
        name = book.account_names[table.units.account[unit]]
        if np.linalg.norm(vector) > 0:
            out.append((f"worst for {name}", vector))
    return out


def _gradient(setup: Setup, units: Units, unit: int) -> Floats:
    """Change (m,) of equity less maintenance of one margin account per daily sigma, quote."""
    count = units.assets.size
    factor = np.ones((2 * count, setup.spot.size))
    for place, asset in enumerate(units.assets.tolist()):
        factor[2 * place, asset] -= NUDGE * units.sigma[place]
        factor[2 * place + 1, asset] += NUDGE * units.sigma[place]
    health = health_at(setup, unit, factor)
    found: Floats = (health[1::2] - health[::2]) / (2.0 * NUDGE)
    return found


def health_at(setup: Setup, unit: int, factor: Floats) -> Floats:
    """Equity less maintenance (n,) of one margin account, prices times factor (n, k), quote."""
    table, count = setup.table, factor.shape[0]
    start = setup.spot[table.feed_asset]
    price = (setup.spot * factor)[:, table.feed_asset]
    quotes = option_quotes(table, price, start, 0.0)
    quotes.integral = np.zeros_like(price)
    holdings = Holdings(
        np.broadcast_to(table.rows.size, (count, table.rows.size.size)),
        np.broadcast_to(table.options.size, (count, table.options.size.size)),
        np.broadcast_to(table.units.cash, (count, table.units.cash.size)),
    )
    pairs = np.arange(count)
    equity, maintenance, _ = assess(table, holdings, quotes, pairs, np.full(count, unit))
    return equity - maintenance


def _distinct(found: list[tuple[str, Floats]]) -> Directions:
    """Unit vectors, each once: the first name stays."""
    vectors: list[Floats] = []
    names: list[str] = []
    for name, vector in found:
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            continue
        unit = vector / length
        if not any(float(unit @ other) > SAME for other in vectors):
            vectors.append(unit)
            names.append(name)
    return Directions(np.array(vectors), tuple(names))
