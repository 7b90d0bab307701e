"""Rows of the margin table: perpetuals, futures and balances with their price, rates and rules."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import SECONDS_PER_YEAR, per_second
from seawall.instruments import Future, Instrument, Perpetual
from seawall.margin.table.grouping import Grouping
from seawall.margin.table.listing import Listing, margin_price_ratio
from seawall.margin.table.margin_table import RowKind, Rows
from seawall.venues import Collateral

NO_COLLATERAL = Collateral(0.0, 0.0, 0.0)
DERIVATIVE_FACTS = ("feed", "ratio", "rate", "tier", "slope", "contract", "asset", "kind", "years")


def compile_rows(listing: Listing, groups: Grouping, as_of: datetime) -> Rows:
    """Rows of derivatives and balances, sorted by unit, positions before balances within a unit."""
    book = listing.book
    positions, balances = groups.linear, groups.balances
    p = _derivatives(listing, positions, as_of)
    b = _balances(listing, balances)
    zeros_p, zeros_b = np.zeros(positions.size), np.zeros(balances.size)
    none_p, none_b = np.full(positions.size, -1), np.full(balances.size, -1)
    quantity = book.quantity[balances]
    unit = np.concatenate([groups.linear_unit, groups.balances_unit]).astype(np.int64)
    order = np.argsort(unit, kind="stable")

    def floats(of_positions: Floats, of_balances: Floats) -> Floats:
        return np.concatenate([of_positions, of_balances])[order]

    def ints(of_positions: Floats | Ints, of_balances: Floats | Ints) -> Ints:
        return np.concatenate([of_positions, of_balances])[order].astype(np.int64)

    return Rows(
        unit=unit[order],
        kind=ints(p["kind"], np.full(balances.size, RowKind.BALANCE.value)),
        feed=ints(p["feed"], b["feed"]),
        multiplier=floats(p["ratio"], b["ratio"]),
        size=floats(book.size[positions], quantity),
        rate=floats(p["rate"], np.where(quantity < 0, b["rate"], 0.0)),
        tier=ints(p["tier"], zeros_b),
        slope=floats(p["slope"], zeros_b),
        years=floats(p["years"], np.full(balances.size, np.inf)),
        shortfall=floats(zeros_p, b["shortfall"]),
        initial_shortfall=floats(zeros_p, b["initial"]),
        bonus=floats(zeros_p, b["bonus"]),
        contract=ints(p["contract"], b["contract"]),
        asset=ints(p["asset"], book.balance_asset[balances]),
        position=ints(positions, none_b),
        balance=ints(none_p, balances),
        entry=floats(book.entry[positions], zeros_b),
    )


def _derivatives(listing: Listing, positions: Ints, as_of: datetime) -> dict[str, Floats]:
    """Facts of each position's instrument at its venue, looked up once per distinct pair."""
    book, market = listing.book, listing.market
    instrument_of = book.position_instrument[positions]
    pairs = listing.venue_of[book.position_account[positions]] * len(book.instruments)
    distinct, where = np.unique(pairs + instrument_of, return_inverse=True)
    out: dict[str, list[float]] = {key: [] for key in DERIVATIVE_FACTS}
    for pair in distinct:
        v, i = divmod(int(pair), len(book.instruments))
        rulebook, instrument = listing.rulebooks[v], book.instruments[i]
        state = market.instruments.get(instrument.name)
        inverse = isinstance(instrument, Perpetual | Future) and instrument.inverse
        rule = rulebook.option_margin
        out["feed"].append(listing.feed(v, instrument.underlying))
        out["ratio"].append(margin_price_ratio(market, rulebook, instrument))
        out["rate"].append(per_second(state.funding_rate) if state is not None else 0.0)
        out["tier"].append(listing.tier(v, instrument))
        out["slope"].append(rule.perp(instrument.underlying).slope if rule is not None else 0.0)
        out["contract"].append(listing.contract(v, instrument.name))
        out["asset"].append(book.assets.index(instrument.underlying))
        out["years"].append(_years_left(instrument, as_of))
        out["kind"].append(RowKind.INVERSE if inverse else RowKind.LINEAR)
    return {key: np.array(values, dtype=float)[where] for key, values in out.items()}


def _years_left(instrument: Instrument, as_of: datetime) -> float:
    """Years to the expiry of a dated future; infinite for a perpetual."""
    if not isinstance(instrument, Future):
        return math.inf
    return (instrument.expiry - as_of).total_seconds() / SECONDS_PER_YEAR


def _balances(listing: Listing, balances: Ints) -> dict[str, Floats]:
    """Facts of each balance's asset at its venue, looked up once per distinct pair."""
    book, market = listing.book, listing.market
    pairs = listing.venue_of[book.balance_account[balances]] * len(book.assets)
    distinct, where = np.unique(pairs + book.balance_asset[balances], return_inverse=True)
    out: dict[str, list[float]] = {
        key: [] for key in ("feed", "shortfall", "initial", "bonus", "rate", "contract", "ratio")
    }
    for pair in distinct:
        v, k = divmod(int(pair), len(book.assets))
        name = book.assets[k]
        rulebook, state = listing.rulebooks[v], market.assets[name]
        terms = rulebook.collateral.get(name, NO_COLLATERAL)
        kind = rulebook.margin_price
        price = {PriceKind.INDEX: state.index, PriceKind.ORACLE: state.oracle}.get(kind, state.spot)
        out["feed"].append(listing.feed(v, name))
        out["shortfall"].append(1.0 - terms.liquidation_threshold)
        out["initial"].append(1.0 - terms.loan_to_value)
        out["bonus"].append(terms.liquidation_bonus)
        out["rate"].append(-per_second(state.borrow_rate))
        out["contract"].append(listing.contract(v, name))
        out["ratio"].append(price / state.spot)
    return {key: np.array(values, dtype=float)[where] for key, values in out.items()}
