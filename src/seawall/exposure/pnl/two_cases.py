"""`seawall pnl`: what a desk's change of equity between two Cases came from, every dollar once.

    change of equity = market (parts of `market_move`) + rows of fills (by kind) + unexplained

A *leg* is a position or a balance of the first Case, or what rows and cash name beside them, by
account and name. Its P&L is the market's on it plus the rows that name it, transfers left out.

    unexplained ratio = sum over legs of |unexplained| / sum over legs of |P&L|

Unexplained by revaluation is cash that nothing accounts for; by Taylor also the higher order of
each leg.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

import seawall
from seawall.case import Case
from seawall.exposure.pnl.bookings import Bookings, bookings
from seawall.exposure.pnl.fills import KINDS, TRANSFERS, Fill
from seawall.exposure.pnl.market_move import REVALUED, TAYLOR, Move, market_move, worth
from seawall.exposure.pnl.pair import Pair, pair_of
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Perpetual

SCHEMA = "seawall/pnl/1"
# Accounts whose fills are left out are named up to so many.
MOST_NAMED = 5
UNEXPLAINED = ("unexplained_trade", "unexplained_cash")
Leg = tuple[int, str]


def explain_cases(
    before: Case, after: Case, fills: Sequence[Fill] | None, desk: str | None = None
) -> dict[str, Any]:
    """The dict of docs/pnl.md; ``fills`` None where there is no file of them."""
    traded = {fill.instrument for fill in fills or () if fill.instrument is not None}
    pair = pair_of(before, after, desk, traded)
    begin, end = before.as_of.timestamp(), after.as_of.timestamp()
    move = market_move(pair, begin, end)
    booked = bookings(pair, fills or (), end)
    ends = (worth(pair.first, pair.before, begin), worth(pair.last, pair.after, end))
    owners = list(dict.fromkeys(pair.owner))
    rows = [_desk(pair, owner, move, booked, ends) for owner in owners]
    known = set(pair.first.account_names)
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "quote": after.quote,
        "before": _case_words(before),
        "after": _case_words(after),
        "seconds": end - begin,
        "fills": None if fills is None else sum(fill.account in known for fill in fills),
        "fills_of_others": sum(fill.account not in known for fill in fills or ()),
        "other_accounts": sorted({f.account for f in fills or ()} - known)[:MOST_NAMED],
        "carried": list(pair.carried),
        "desks": rows,
        "stated_rates": _stated(pair, end - begin),
    }


def _case_words(case: Case) -> dict[str, str]:
    return {"name": case.name, "as_of": case.as_of.isoformat(), "digest": case.digest}


def _desk(
    pair: Pair,
    owner: str,
    move: Move,
    booked: Bookings,
    ends: tuple[np.ndarray, np.ndarray],
) -> dict[str, Any]:
    accounts = {n for n, whose in enumerate(pair.owner) if whose == owner}
    legs = _legs(pair, accounts, move, booked)
    first, last = (
        _total(values[_mine(book, accounts)])
        for values, book in zip(ends, (pair.first, pair.last), strict=True)
    )
    rows = [row for row in booked.rows if row.account in accounts]
    flows = {kind: sum(row.value for row in rows if row.kind == kind) for kind in KINDS}
    cash = [one for one in booked.cash if one.account in accounts]
    nothing = {
        "unexplained_trade": sum(one.value for one in cash if one.trade),
        "unexplained_cash": sum(one.value for one in cash if not one.trade),
    }
    mine = _mine(pair.first, accounts)
    transfers = sum(flows[kind] for kind in TRANSFERS)
    return {
        "desk": owner,
        "equity_before": first,
        "equity_after": last,
        "change": last - first,
        "transfers": transfers,
        "pnl": last - first - transfers,
        "revalued": {name: _total(move.revalued[name][mine]) for name in REVALUED},
        "taylor": {name: _total(move.taylor[name][mine]) for name in TAYLOR},
        "flows": flows,
        "unexplained": nothing | _ratios(legs, sum(nothing.values())),
        "trades_without_price": [
            {
                "account": pair.first.account_names[one.account],
                "instrument": one.instrument,
                "size": one.size,
                "price": one.price,
            }
            for one in booked.trades
            if one.account in accounts
        ],
        "cash": [
            {
                "account": pair.first.account_names[one.account],
                "asset": one.asset,
                "amount": one.amount,
                "value": one.value,
            }
            for one in sorted(cash, key=lambda one: -abs(one.value))
            if abs(one.value) > CENT
        ],
        "legs": sorted(legs, key=lambda leg: -abs(float(leg["pnl"]))),
    }


# Cash smaller than this, quote, is not listed; it is in the sums.
CENT = 0.005


def _total(values: np.ndarray) -> float:
    return float(np.sum(values))


def _mine(book: Any, accounts: set[int]) -> np.ndarray:
    """Holdings (h,) of these accounts."""
    account = np.concatenate([book.position_account, book.balance_account])
    return np.isin(account, sorted(accounts))


def _legs(pair: Pair, accounts: set[int], move: Move, booked: Bookings) -> list[dict[str, Any]]:
    """Every leg of these accounts with its P&L, its parts and what is unexplained of it."""
    book = pair.first
    account = np.concatenate([book.position_account, book.balance_account]).tolist()
    names = [book.instruments[n].name for n in book.position_instrument.tolist()]
    names += [book.assets[n] for n in book.balance_asset.tolist()]
    found: dict[Leg, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for n in np.flatnonzero(_mine(book, accounts)).tolist():
        leg = found[account[n], names[n]]
        leg["pnl"] += float(move.pnl[n])
        for name in REVALUED:
            leg[name] += float(move.revalued[name][n])
        leg["higher_order"] += float(move.taylor["higher_order"][n])
    for row in booked.rows:
        if row.account in accounts and row.kind not in TRANSFERS:
            leg = found[row.account, row.name]
            leg["pnl"] += row.value
            leg[row.kind] += row.value
    for one in booked.cash:
        if one.account in accounts:
            leg = found[one.account, one.asset]
            leg["pnl"] += one.value
            leg["unexplained"] += one.value
    return [
        {
            "account": book.account_names[place],
            "leg": name,
            "pnl": leg["pnl"],
            "unexplained": leg["unexplained"],
            "higher_order": leg["higher_order"],
            "parts": {part: leg[part] for part in (*REVALUED, *KINDS) if leg.get(part, 0.0) != 0.0},
        }
        for (place, name), leg in found.items()
    ]


def _ratios(legs: Sequence[dict[str, Any]], net: float) -> dict[str, float]:
    gross = sum(abs(float(leg["pnl"])) for leg in legs)
    left = sum(abs(float(leg["unexplained"])) for leg in legs)
    beyond = sum(abs(float(leg["unexplained"]) + float(leg["higher_order"])) for leg in legs)
    return {
        "net": net,
        "gross": left,
        "leg_pnl_gross": gross,
        "ratio": left / gross if gross > 0.0 else 0.0,
        "taylor_gross": beyond,
        "taylor_ratio": beyond / gross if gross > 0.0 else 0.0,
    }


def _stated(pair: Pair, seconds: float) -> dict[str, dict[str, float]]:
    """By desk, what the first Case's rates would have charged on its book: a check, not a part."""
    book, market = pair.first, pair.before
    found = {owner: {"funding": 0.0, "interest": 0.0} for owner in dict.fromkeys(pair.owner)}
    years = seconds / SECONDS_PER_YEAR
    columns = (book.position_account, book.position_instrument, book.size)
    for account, n, size in zip(*(column.tolist() for column in columns), strict=True):
        item = book.instruments[n]
        state = market.instruments.get(item.name)
        if not isinstance(item, Perpetual) or state is None:
            continue
        spot, settle = market.assets[item.underlying].spot, market.assets[item.settle].spot
        mark = spot if state.mark is None else state.mark
        # Inverse contracts are dollars each; a quanto's contract pays multiplier units a dollar.
        notional = size if item.inverse else size * mark * settle * (item.multiplier or 1.0)
        found[pair.owner[account]]["funding"] -= notional * state.funding_rate * years
    columns = (book.balance_account, book.balance_asset, book.quantity)
    for account, n, quantity in zip(*(column.tolist() for column in columns), strict=True):
        asset = market.assets[book.assets[n]]
        if quantity < 0.0:
            owed = quantity * asset.spot * asset.borrow_rate * years
            found[pair.owner[account]]["interest"] += owed
    return found
