"""Derive's standard margin: each market alone, short options by formula or by largest loss.

Idea: perpetuals and short options need shares of their notional, coins count at a share of their
value. Options of one expiry need the smaller of the sum of their isolated margins and the loss at
the worst settlement price, so that a spread needs no more than it can lose.

    net margin = cash + sum over markets of (perpetuals + options + coins + profit) - depeg penalty

with perpetuals, options <= 0 and coins >= 0. Initial margin also bears the cost of unsure oracles
and of a stable coin below its peg: (threshold - stable) x factor x spot for each perpetual and each
short option. Source: Derive v2-core, StandardManager.sol. Wrong for a hedged book: nothing offsets
between perpetuals, coins, expiries and markets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account import MarginAccount, Options, SpotPrice
from seawall.margin.markets import BESIDE, overlaid
from seawall.margin.netted import (
    Expiries,
    NettedPerps,
    expiries,
    in_quote,
    netted_options,
    netted_perps,
    no_debt,
    with_cash_as_coin,
)
from seawall.margin.standard_options import expiry_margin
from seawall.margin.standard_rules import StandardManager
from seawall.margin.working import AccountMargin, Line, account_margin
from seawall.valuation.black import black
from seawall.venues import Rulebook

NAME = "standard margin"


@dataclass(frozen=True)
class _Term:
    """What one holding is worth and what it adds to net maintenance and net initial margin."""

    value: float
    maintenance: float
    initial: float
    line: Line


def read(rulebook: Rulebook, table: Section) -> StandardManager:
    """Parameters; [margin.every_market] stands under each of [margin.markets].

    Raises InputError for what is missing, unknown or too large.
    """
    shared, markets = table.section("every_market"), table.section("markets")
    each = {name: overlaid(shared.values, markets.section(name).values) for name in markets.values}
    left_out = ("every_market", *BESIDE)
    values = {key: value for key, value in table.values.items() if key not in left_out}
    whole = Section({**values, "markets": each}, table.file, table.path, table.text)
    return read_record(whole, StandardManager)


def assess(rule: StandardManager, account: MarginAccount) -> AccountMargin:
    """Requirement of a whole account in quote; see `standard_margin`."""
    account = with_cash_as_coin(account)
    markets = [rule.markets.get(asset) for asset in account.balances.assets]
    counted = np.array([m is not None and m.coin is not None for m in markets], dtype=bool)
    return in_quote(standard_margin(rule, account), account, counted)


def standard_margin(rule: StandardManager, account: MarginAccount) -> AccountMargin:
    """Requirement of a whole account in the settlement asset, market by market.

    Net initial and maintenance of the answer are the venue's own numbers, equity its mark-to-market
    with cash. Raises InputError for a coin that is owed or an underlying without a spot price,
    MissingRule for a market whose shares the rule lacks.
    """
    account = with_cash_as_coin(account)
    no_debt(account, NAME)
    perps = netted_perps(account)
    options = netted_options(account.options)
    group = expiries(options)
    terms = [
        *(_perp(rule, account, perps, n) for n in range(perps.size.size)),
        *_options(rule, account, options, group),
        *(_coin(rule, account, n) for n in range(account.balances.quantity.size)),
        *_depeg(rule, account, perps, options),
    ]
    equity = account.cash + sum(term.value for term in terms)
    net_maintenance = account.cash + sum(term.maintenance for term in terms)
    net_initial = account.cash + sum(term.initial for term in terms)
    unit = account.settle
    parts = (
        Line("equity", equity, unit, "cash + what everything is worth"),
        Line("cash", account.cash, unit),
        *(term.line for term in terms),
        Line("net initial", net_initial, unit, "cash + initial of everything below"),
        Line("net maintenance", net_maintenance, unit, "cash + maintenance of everything below"),
    )
    told = "requirement = equity - net margin"
    working = Line(NAME, None, unit, told, parts)
    return account_margin(equity, equity - net_initial, equity - net_maintenance, working)


def _spot(account: MarginAccount, underlying: str) -> SpotPrice:
    if underlying not in account.spot:
        raise InputError(
            f"{account.name!r} has no spot price of {underlying}", expected="its price and source"
        )
    return account.spot[underlying]


def _perp(rule: StandardManager, account: MarginAccount, perps: NettedPerps, n: int) -> _Term:
    """A perpetual: its profit, less shares of |size| x mark, less the cost of unsure prices."""
    underlying = perps.underlying[n]
    shares, spot = rule.perp(underlying), _spot(account, underlying)
    size, mark = abs(float(perps.size[n])), float(perps.mark[n])
    profit = float(perps.profit[n])
    unsure = 0.0
    oracle = rule.markets[underlying].oracle
    confidence = min(float(perps.confidence[n]), spot.confidence)
    if confidence < oracle.perp_threshold:
        unsure = (1.0 - confidence) * oracle.factor * spot.price * size
    maintenance = -size * mark * shares.maintenance
    initial = -size * mark * shares.initial
    notional = f"{size:g} x {mark:g}"
    parts = (
        Line("profit", profit, "", "unrealised and accrued"),
        Line("maintenance", maintenance, "", f"-{notional} x {shares.maintenance:g}"),
        Line("initial", initial, "", f"-{notional} x {shares.initial:g}"),
        Line("unsure oracle", -unsure, "", f"initial only; confidence {confidence:g}"),
    )
    line = Line(f"{underlying} {perps.names[n]}", initial - unsure + profit, "", "initial", parts)
    return _Term(profit, maintenance + profit, initial - unsure + profit, line)


def _options(
    rule: StandardManager, account: MarginAccount, options: Options, group: Expiries
) -> list[_Term]:
    """A term for each expiry."""
    years = options.seconds / SECONDS_PER_YEAR
    price = black(options.forward, options.strike, years, options.volatility, options.call)
    value = options.amount * price
    return [
        _expiry(rule, account, options, value, np.flatnonzero(group.of == n))
        for n in range(group.count)
    ]


def _expiry(
    rule: StandardManager,
    account: MarginAccount,
    options: Options,
    value: Floats,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> _Term:
    """One expiry's options: the better of isolated and largest loss, and unsure prices."""
    first = int(rows[0])
    underlying = options.underlying[first]
    shares, spot = rule.option(underlying), _spot(account, underlying)
    amount, worth = options.amount[rows], float(np.sum(value[rows]))
    maintenance, initial, lines = expiry_margin(
        shares,
        spot.price,
        float(options.forward[first]),
        _option_names(options, rows.tolist()),
        options.strike[rows],
        options.call[rows],
        amount,
        value[rows],
    )
    confidence = min(
        spot.confidence,
        float(np.min(options.forward_confidence[rows])),
        float(np.min(options.volatility_confidence[rows])),
    )
    oracle, unsure = rule.markets[underlying].oracle, 0.0
    if confidence < oracle.option_threshold:
        shorts = float(np.sum(np.maximum(-amount, 0.0)))
        unsure = (1.0 - confidence) * oracle.factor * spot.price * shorts
    parts = (
        Line("value", worth, "", "amount x Black-76"),
        *lines,
        Line("unsure oracle", -unsure, "", f"initial only; confidence {confidence:g}"),
    )
    line = Line(f"{underlying} {options.expiry[first]}", initial - unsure, "", "initial", parts)
    return _Term(worth, maintenance, initial - unsure, line)


def _option_names(options: Options, rows: Sequence[int]) -> list[str]:
    """A name for each option, unique in its expiry."""
    kinds = ("put", "call")
    return [f"{options.strike[n]:.12g} {kinds[int(options.call[n])]}" for n in rows]


def _coin(rule: StandardManager, account: MarginAccount, n: int) -> _Term:
    """A coin: worth quantity x price / stable price, counted at its share of quantity x price."""
    balances = account.balances
    asset = balances.assets[n]
    market = rule.markets.get(asset)
    if market is None or market.coin is None:
        return _Term(0.0, 0.0, 0.0, Line(asset, 0.0, "", "not collateral: counts as nothing"))
    notional = float(balances.quantity[n] * balances.price[n])
    confidence = float(balances.confidence[n])
    maintenance = notional * market.coin.share
    initial, unsure = maintenance * market.coin.initial_scale, 0.0
    if confidence < market.oracle.coin_threshold and initial != 0.0:
        unsure = (1.0 - confidence) * market.oracle.factor * notional
    value = notional / account.settle_price
    told = f"{balances.quantity[n]:g} x {balances.price[n]:g} x {market.coin.share:g}"
    parts = (
        Line("value", value, "", "quantity x price / stable price"),
        Line("maintenance", maintenance, "", told),
        Line("initial", initial, "", f"x {market.coin.initial_scale:g}"),
        Line("unsure oracle", -unsure, "", f"initial only; confidence {confidence:g}"),
    )
    line = Line(asset, initial - unsure, "", "initial", parts)
    return _Term(value, maintenance, initial - unsure, line)


def _depeg(
    rule: StandardManager, account: MarginAccount, perps: NettedPerps, options: Options
) -> list[_Term]:
    """Initial margin only: what a stable coin below its peg costs, market by market."""
    below = max(0.0, rule.depeg_threshold - account.settle_price)
    if below == 0.0:
        return []
    exposed: dict[str, float] = {}
    sizes = zip(perps.underlying, np.abs(perps.size).tolist(), strict=True)
    shorts = zip(options.underlying, np.maximum(-options.amount, 0.0).tolist(), strict=True)
    for underlying, size in (*sizes, *shorts):
        exposed[underlying] = exposed.get(underlying, 0.0) + size
    terms = []
    for underlying, size in exposed.items():
        spot = _spot(account, underlying).price
        penalty = -size * below * rule.depeg_factor * spot
        told = f"-{size:g} x {below:g} x {rule.depeg_factor:g} x {spot:g}; initial only"
        terms.append(_Term(0.0, 0.0, penalty, Line(f"{underlying} depeg", penalty, "", told)))
    return terms
