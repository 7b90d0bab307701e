"""What a desk's margin accounts have and must have at many prices, holding what they hold now.

The formula is the loop's own (`margin/table/assess.py`) on a table of the desk's accounts alone.
For initial margin the same formula runs on a table whose maintenance terms are the initial ones.
Wrong for what a path would have changed: nothing is traded, no loss of a failed venue is taken, and
options past their expiry stay at intrinsic value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.book import AccountKind
from seawall.book.book import Floats, Ints
from seawall.book.held_by import held_by
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.margin.options.standard import short_margin
from seawall.margin.table.assess import Holdings, Quotes, assess, option_quotes
from seawall.margin.table.compile import compile_table
from seawall.margin.table.margin_table import MarginTable, RowKind

MAINTENANCE, INITIAL = "maintenance", "initial"
LEVELS = (MAINTENANCE, INITIAL)


@dataclass(frozen=True)
class Desk:
    """One desk's margin accounts: d units, w feeds.

    table        of these accounts alone; level: which margin is asked for
    name         of each unit; account (d,) in the book
    spot (w,)    price of each feed at the start
    pays (d,)    feed of the asset that helps: the settlement asset, or a loan's largest debt
    """

    owner: str
    table: MarginTable
    level: str
    name: tuple[str, ...]
    spot: Floats
    pays: Ints

    @property
    def venue(self) -> tuple[str, ...]:
        """Venue of each unit."""
        return tuple(self.table.venues[v] for v in self.table.units.venue.tolist())


@dataclass(frozen=True)
class Seen:
    """Prices in n markets: (n, w) each.

    integral of price over time since the start, price-seconds; years (n,) since the start
    scale, width: of dynamic margin and of price intervals, None where there are none
    """

    price: Floats
    integral: Floats
    years: Floats
    scale: Floats | None = None
    width: Floats | None = None


def desk_of(case: Case, owner: str | None, level: str) -> Desk:
    """The accounts of a desk, the only one where none is named.

    Raises InputError for an unknown level or desk, for several desks where none is named, and for
    an empty one.
    """
    if level not in LEVELS:
        raise InputError(f"margin {level!r}", file="--margin", expected=" or ".join(LEVELS))
    book = case.book
    owners = list(
        dict.fromkeys(
            o
            for o, k in zip(book.account_owner, book.account_kind, strict=True)
            if k is AccountKind.DESK
        )
    )
    if not owners:
        raise InputError("the Case has no account of kind 'desk'", expected="an account of yours")
    if owner is None and len(owners) > 1:
        raise InputError(
            f"the Case has the desks {', '.join(owners)}",
            file="--desk",
            expected="one of them: what one desk has free pays nothing for another",
        )
    chosen = owners[0] if owner is None else owner
    if chosen not in owners:
        raise InputError(
            f"there is no desk {chosen!r}", file="--desk", expected=" or ".join(map(repr, owners))
        )
    table = _alone(case, chosen)
    if table.units.account.size == 0:
        raise InputError(
            f"desk {chosen!r} holds nothing", file="--desk", expected="a position or a balance"
        )
    names = [book.account_names[a] for a in table.units.account.tolist()]
    settle = [table.assets[table.feed_asset[f]] for f in table.units.settle.tolist()]
    shown = []
    for n, name in enumerate(names):
        if table.units.isolated[n]:
            row = int(table.rows.contract[int(table.units.rows[n])])
            held = table.contracts[row][1]
            shown.append(f"{name}/{held}")
        else:
            shown.append(name if names.count(name) == 1 else f"{name} in {settle[n]}")
    spot = np.array([case.market.assets[table.assets[k]].spot for k in table.feed_asset])
    return Desk(chosen, _at(table, level), level, tuple(shown), spot, _pays(case, table, spot))


def _alone(case: Case, owner: str) -> MarginTable:
    book = case.book
    stands = zip(book.account_owner, book.account_kind, strict=True)
    mine = [n for n, x in enumerate(stands) if x == (owner, AccountKind.DESK)]
    own = held_by(book, mine)
    return compile_table(own, case.market, case.rulebooks, case.quote, case.as_of)


def _at(table: MarginTable, level: str) -> MarginTable:
    """The table whose maintenance is the margin of this level (of options: see `_quotes`)."""
    if level == MAINTENANCE:
        return table
    tiers, rows = table.tiers, table.rows
    return replace(
        table,
        tiers=replace(
            tiers,
            maintenance_rate=tiers.initial_rate,
            maintenance_deduction=tiers.initial_deduction,
        ),
        rows=replace(rows, shortfall=rows.initial_shortfall),
    )


def _pays(case: Case, table: MarginTable, spot: Floats) -> Ints:
    """What a unit is helped with: its settlement asset, or where loans are made, its debt."""
    out = table.units.settle.copy()
    rows = table.rows
    for n in range(out.size):
        venue = table.venues[int(table.units.venue[n])]
        mine = np.arange(table.units.rows[n], table.units.rows[n + 1])
        mine = mine[(rows.kind[mine] == RowKind.BALANCE) & (rows.size[mine] < 0.0)]
        if case.rulebooks[venue].liquidation.style == "keeper" and mine.size:
            worth = rows.size[mine] * spot[rows.feed[mine]]
            out[n] = rows.feed[mine[int(np.argmin(worth))]]
    return out


def surplus(desk: Desk, seen: Seen) -> Floats:
    """Equity less the margin due (n, d), quote: below 0 the account is short of it."""
    table = desk.table
    markets, units = seen.price.shape[0], table.units.account.size
    quotes = _quotes(desk, seen)
    holdings = Holdings(
        np.broadcast_to(table.rows.size, (markets, table.rows.size.size)),
        np.broadcast_to(table.options.size, (markets, table.options.size.size)),
        np.broadcast_to(table.units.cash, (markets, units)),
    )
    market = np.repeat(np.arange(markets), units)
    unit = np.tile(np.arange(units), markets)
    equity, due, _ = assess(table, holdings, quotes, market, unit)
    return (equity - due).reshape(markets, units)


def _quotes(desk: Desk, seen: Seen) -> Quotes:
    """What margin sees in each market; short options at the desk's level of margin."""
    table, o = desk.table, desk.table.options
    quotes = option_quotes(table, seen.price, desk.spot, seen.years[:, None])
    quotes.integral, quotes.scale, quotes.width = seen.integral, seen.scale, seen.width
    if desk.level == INITIAL and o.unit.size:
        for v, rule in table.option_rules.items():
            mine = np.flatnonzero(o.venue == v)
            value, spot = quotes.option_value[:, mine], seen.price[:, o.feed[mine]]
            initial, _ = short_margin(rule, value, spot, o.strike[mine], o.call[mine])
            quotes.option_short[:, mine] = initial
    return quotes


def now(desk: Desk) -> Seen:
    """The market at the start, as one market."""
    price = desk.spot[None, :]
    return Seen(price, np.zeros_like(price), np.zeros(1))
