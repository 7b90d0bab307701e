"""Book + market + rulebooks -> margin table: who is margined together, at which price and rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Floats, Ints
from seawall.foundation.errors import MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import SECONDS_PER_YEAR, per_second
from seawall.instruments import Future, Instrument, Option, Perpetual, Spot
from seawall.margin.table import MarginTable, OptionRows, RowKind, Rows, Units
from seawall.margin.tiered import tier_lines
from seawall.market import Market
from seawall.venues import Collateral, Rulebook, Tier

TRADERS = (AccountKind.DESK, AccountKind.CROWD)
NO_COLLATERAL = Collateral(0.0, 0.0, 0.0)


@dataclass
class _Listing:
    """Indexes handed out while compiling: feeds, contracts, tier tables, in order of first use."""

    venues: tuple[str, ...]
    assets: tuple[str, ...]
    feeds: dict[tuple[int, int], int] = field(default_factory=dict)
    contracts: dict[tuple[int, str], int] = field(default_factory=dict)
    tiers: list[tuple[Tier, ...]] = field(default_factory=list)
    tier_index: dict[tuple[int, str], int] = field(default_factory=dict)
    defaulted: list[str] = field(default_factory=list)

    def feed(self, venue: int, asset: str) -> int:
        return self.feeds.setdefault((venue, self.assets.index(asset)), len(self.feeds))

    def contract(self, venue: int, name: str) -> int:
        return self.contracts.setdefault((venue, name), len(self.contracts))

    def tier(self, venue: int, rulebook: Rulebook, instrument: Instrument) -> int:
        key = (venue, instrument.underlying)
        if key not in self.tier_index:
            self.tier_index[key] = len(self.tiers)
            self.tiers.append(_tiers_of(rulebook, instrument))
            if rulebook.option_margin is None and instrument.underlying not in rulebook.tiers:
                self.defaulted.append(f"{self.venues[venue]}:{instrument.name}")
        return self.tier_index[key]


def _tiers_of(rulebook: Rulebook, instrument: Instrument) -> tuple[Tier, ...]:
    if rulebook.option_margin is not None:
        rule = rulebook.option_margin
        return (Tier(0.0, 1.0 / rule.perp_initial, rule.perp_maintenance),)
    tiers = rulebook.tiers.get(instrument.underlying, rulebook.default_tiers)
    if not tiers:
        raise MissingRule(
            f"rulebook {rulebook.name!r} has no margin tiers for {instrument.underlying!r} "
            f"(instrument {instrument.name!r}): add [[tiers.{instrument.underlying}]] or "
            "default_tiers."
        )
    return tiers


def margin_price_ratio(market: Market, rulebook: Rulebook, instrument: Instrument) -> float:
    """Price that governs margin divided by spot, by the rulebook's price kind (constant basis)."""
    asset = market.assets[instrument.underlying]
    if rulebook.margin_price is PriceKind.MARK:
        state = market.instruments.get(instrument.name)
        mark = state.mark if state is not None else None
        return 1.0 if mark is None else mark / asset.spot
    if rulebook.margin_price is PriceKind.INDEX:
        return asset.index / asset.spot
    if rulebook.margin_price is PriceKind.ORACLE:
        return asset.oracle / asset.spot
    return 1.0


@dataclass(frozen=True)
class _Instruments:
    """Columns over the book's instruments: settlement asset index, linear or inverse, option."""

    settle: Ints
    inverse: Ints
    option: Ints


def _instrument_columns(book: Book, assets: tuple[str, ...]) -> _Instruments:
    settle, inverse, option = [], [], []
    for instrument in book.instruments:
        if isinstance(instrument, Spot):
            settle.append(-1)
            inverse.append(False)
        else:
            settle.append(assets.index(instrument.settle))
            inverse.append(instrument.inverse)
        option.append(isinstance(instrument, Option))
    return _Instruments(np.array(settle, dtype=np.int64), np.array(inverse), np.array(option))


def _unit_keys(
    book: Book, columns: _Instruments, lending: Floats, quote: int
) -> tuple[Ints, Ints, Ints]:
    """Unit key of each position and each balance, and whether a balance is cash (1) or a row (0).

    Cross keys are account x width + settlement asset; isolated keys come after all of them.
    """
    width = len(book.assets) + 1
    accounts = len(book.account_names)
    cross = book.position_account * width + columns.settle[book.position_instrument]
    isolated = accounts * width + np.arange(book.size.size)
    position_key = np.where(book.isolated, isolated, cross)
    primary = np.full(accounts, -1, dtype=np.int64)
    crossed = np.flatnonzero(~book.isolated)[::-1]
    primary[book.position_account[crossed]] = columns.settle[book.position_instrument[crossed]]
    own_key = book.balance_account * width + book.balance_asset
    is_lending = lending[book.balance_account] > 0
    has_unit = np.isin(own_key, position_key) | (primary[book.balance_account] < 0)
    is_cash = ~is_lending & has_unit
    other = np.where(is_lending, quote, primary[book.balance_account])
    balance_key = np.where(is_cash, own_key, book.balance_account * width + other)
    return position_key, balance_key, is_cash.astype(np.int64)


def compile_table(
    book: Book, market: Market, rulebooks: Mapping[str, Rulebook], quote: str, as_of: datetime
) -> MarginTable:
    """Compile the accounts of desks and crowd into a margin table.

    Raises MissingRule when a rulebook lacks a number that a position needs.
    """
    venues = tuple(rulebooks)
    listing = _Listing(venues, book.assets)
    columns = _instrument_columns(book, book.assets)
    trader = np.array([kind in TRADERS for kind in book.account_kind])
    venue_of = np.array([venues.index(name) for name in book.account_venue], dtype=np.int64)
    style = np.array([rulebooks[name].liquidation.style == "keeper" for name in book.account_venue])
    position_key, balance_key, is_cash = _unit_keys(
        book, columns, style.astype(float), book.assets.index(quote)
    )
    keep_p = np.flatnonzero(trader[book.position_account])
    keep_b = np.flatnonzero(trader[book.balance_account])
    keys = np.concatenate([position_key[keep_p], balance_key[keep_b]])
    unique, unit = np.unique(keys, return_inverse=True)
    unit_p, unit_b = unit[: keep_p.size], unit[keep_p.size :]
    width = len(book.assets) + 1
    account = np.where(unique < len(book.account_names) * width, unique // width, 0)
    account[unit_p] = book.position_account[keep_p]
    settle = np.zeros(unique.size, dtype=np.int64)
    settle[unit_b] = balance_key[keep_b] % width
    settle[unit_p] = columns.settle[book.position_instrument[keep_p]]
    isolated = unique >= len(book.account_names) * width
    cash = np.zeros(unique.size)
    cashed = is_cash[keep_b] == 1
    np.add.at(cash, unit_b[cashed], book.quantity[keep_b[cashed]])
    np.add.at(cash, unit_p, book.isolated_margin[keep_p])
    fold = _folded_cost(book, columns, keep_p)
    np.add.at(cash, unit_p, -fold)

    is_option = columns.option[book.position_instrument[keep_p]]
    linear = keep_p[~is_option]
    rows = _rows(
        book,
        market,
        rulebooks,
        listing,
        venue_of,
        columns,
        linear,
        unit_p[~is_option],
        keep_b[~cashed],
        unit_b[~cashed],
    )
    options = _options(
        book, market, rulebooks, listing, venue_of, keep_p[is_option], unit_p[is_option], as_of
    )
    venue = venue_of[account]
    pairs, where = np.unique(venue * width + settle, return_inverse=True)
    settle_feed = np.array([listing.feed(int(p // width), book.assets[p % width]) for p in pairs])
    units = Units(
        account=account,
        venue=venue,
        settle=settle_feed[where] if pairs.size else settle,
        cash=cash,
        rows=np.searchsorted(rows.unit, np.arange(unique.size + 1)),
        options=np.searchsorted(options.unit, np.arange(unique.size + 1)),
        isolated=isolated,
    )
    feeds = np.array(list(listing.feeds), dtype=np.int64).reshape(-1, 2)
    return MarginTable(
        venues=venues,
        assets=book.assets,
        contracts=tuple(listing.contracts),
        feed_venue=feeds[:, 0],
        feed_asset=feeds[:, 1],
        tiers=tier_lines(listing.tiers or [(Tier(0.0, 1.0, 0.0),)]),
        units=units,
        rows=rows,
        options=options,
        option_rules={
            v: rule
            for v, name in enumerate(venues)
            if (rule := rulebooks[name].option_margin) is not None
        },
        default_tier_instruments=tuple(listing.defaulted),
    )


def _folded_cost(book: Book, columns: _Instruments, keep: Ints) -> Floats:
    """What the positions cost, in settlement units: size x entry, inverse contracts -size / entry.

    Options cost nothing here: their premium was paid in cash before the Case.
    """
    instrument = book.position_instrument[keep]
    cost = np.where(
        columns.inverse[instrument],
        -book.size[keep] / book.entry[keep],
        book.size[keep] * book.entry[keep],
    )
    return np.where(columns.option[instrument], 0.0, cost)


def _per_listing(
    book: Book,
    market: Market,
    rulebooks: Mapping[str, Rulebook],
    listing: _Listing,
    pairs: Ints,
) -> dict[str, Floats]:
    """Facts of each distinct (venue, instrument): feed, ratio, rate, tier, slope, contract."""
    names = list(rulebooks)
    out: dict[str, list[float]] = {
        key: [] for key in ("feed", "ratio", "rate", "tier", "slope", "contract", "asset", "kind")
    }
    for pair in pairs:
        v, i = divmod(int(pair), len(book.instruments))
        rulebook, instrument = rulebooks[names[v]], book.instruments[i]
        state = market.instruments.get(instrument.name)
        inverse = isinstance(instrument, Perpetual | Future) and instrument.inverse
        out["feed"].append(listing.feed(v, instrument.underlying))
        out["ratio"].append(margin_price_ratio(market, rulebook, instrument))
        out["rate"].append(per_second(state.funding_rate) if state is not None else 0.0)
        out["tier"].append(listing.tier(v, rulebook, instrument))
        rule = rulebook.option_margin
        out["slope"].append(rule.perp_slope if rule is not None else 0.0)
        out["contract"].append(listing.contract(v, instrument.name))
        out["asset"].append(book.assets.index(instrument.underlying))
        out["kind"].append(RowKind.INVERSE if inverse else RowKind.LINEAR)
    return {key: np.array(values, dtype=float) for key, values in out.items()}


def _balance_facts(
    book: Book, market: Market, rulebooks: Mapping[str, Rulebook], listing: _Listing, pairs: Ints
) -> dict[str, Floats]:
    """Facts of each distinct (venue, asset): feed, thresholds, bonus, borrow rate, contract."""
    names = list(rulebooks)
    out: dict[str, list[float]] = {
        key: [] for key in ("feed", "shortfall", "initial", "bonus", "rate", "contract", "ratio")
    }
    for pair in pairs:
        v, k = divmod(int(pair), len(book.assets))
        name = book.assets[k]
        rulebook, state = rulebooks[names[v]], market.assets[name]
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
    return {key: np.array(values, dtype=float) for key, values in out.items()}


def _rows(
    book: Book,
    market: Market,
    rulebooks: Mapping[str, Rulebook],
    listing: _Listing,
    venue_of: Ints,
    columns: _Instruments,
    positions: Ints,
    unit_p: Ints,
    balances: Ints,
    unit_b: Ints,
) -> Rows:
    """Rows of derivatives and balances, sorted by unit, positions before balances within a unit."""
    instrument = book.position_instrument[positions]
    pairs = venue_of[book.position_account[positions]] * len(book.instruments) + instrument
    distinct, where = np.unique(pairs, return_inverse=True)
    p = _per_listing(book, market, rulebooks, listing, distinct)
    asset_b = book.balance_asset[balances]
    pairs_b = venue_of[book.balance_account[balances]] * len(book.assets) + asset_b
    distinct_b, where_b = np.unique(pairs_b, return_inverse=True)
    b = _balance_facts(book, market, rulebooks, listing, distinct_b)
    zeros_p, zeros_b = np.zeros(positions.size), np.zeros(balances.size)
    none_p, none_b = np.full(positions.size, -1), np.full(balances.size, -1)
    quantity = book.quantity[balances]

    def both(of_positions: Floats, of_balances: Floats) -> Floats:
        return np.concatenate([of_positions, of_balances])

    unit = np.concatenate([unit_p, unit_b]).astype(np.int64)
    order = np.argsort(unit, kind="stable")
    ints = {
        "kind": both(p["kind"][where], np.full(balances.size, float(RowKind.BALANCE))),
        "feed": both(p["feed"][where], b["feed"][where_b]),
        "tier": both(p["tier"][where], zeros_b),
        "contract": both(p["contract"][where], b["contract"][where_b]),
        "asset": both(p["asset"][where], asset_b.astype(float)),
        "position": both(positions.astype(float), none_b),
        "balance": both(none_p, balances.astype(float)),
    }
    return Rows(
        unit=unit[order],
        **{key: values[order].astype(np.int64) for key, values in ints.items()},
        multiplier=both(p["ratio"][where], b["ratio"][where_b])[order],
        size=both(book.size[positions], quantity)[order],
        rate=both(p["rate"][where], np.where(quantity < 0, b["rate"][where_b], 0.0))[order],
        slope=both(p["slope"][where], zeros_b)[order],
        shortfall=both(zeros_p, b["shortfall"][where_b])[order],
        initial_shortfall=both(zeros_p, b["initial"][where_b])[order],
        bonus=both(zeros_p, b["bonus"][where_b])[order],
        entry=both(book.entry[positions], zeros_b)[order],
    )


def _options(
    book: Book,
    market: Market,
    rulebooks: Mapping[str, Rulebook],
    listing: _Listing,
    venue_of: Ints,
    positions: Ints,
    unit: Ints,
    as_of: datetime,
) -> OptionRows:
    """Option rows, sorted by unit."""
    order = np.argsort(unit, kind="stable")
    names = list(rulebooks)
    facts: list[tuple[float, ...]] = []
    for n in positions[order]:
        instrument = book.instruments[book.position_instrument[n]]
        assert isinstance(instrument, Option)
        v = int(venue_of[book.position_account[n]])
        if rulebooks[names[v]].option_margin is None:
            raise MissingRule(
                f"rulebook {names[v]!r} has no [option_margin], but account "
                f"{book.account_names[book.position_account[n]]!r} holds {instrument.name!r}."
            )
        asset = market.assets[instrument.underlying]
        state = market.instruments.get(instrument.name)
        if state is None or state.implied_volatility is None:
            raise MissingRule(f"market.toml gives no implied_volatility for {instrument.name!r}.")
        forward = state.mark if state.mark is not None else asset.spot
        years = (instrument.expiry - as_of).total_seconds() / SECONDS_PER_YEAR
        facts.append(
            (
                listing.feed(v, instrument.underlying),
                book.assets.index(instrument.underlying),
                listing.contract(v, instrument.name),
                forward / asset.spot,
                instrument.strike,
                instrument.call,
                instrument.inverse,
                years,
                state.implied_volatility,
                asset.implied_slope,
                asset.implied_half_spread,
                v,
            )
        )
    table = np.array(facts, dtype=float).reshape(-1, 12).T
    index = [table[k].astype(np.int64) for k in (0, 1, 2, 11)]
    return OptionRows(
        unit=unit[order].astype(np.int64),
        feed=index[0],
        asset=index[1],
        contract=index[2],
        size=book.size[positions[order]],
        forward_ratio=table[3],
        strike=table[4],
        call=table[5] > 0,
        inverse=table[6] > 0,
        years=table[7],
        volatility=table[8],
        slope=table[9],
        half_spread=table[10],
        position=positions[order],
        entry=book.entry[positions[order]],
        venue=index[3],
    )
