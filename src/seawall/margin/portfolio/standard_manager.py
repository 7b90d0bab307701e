"""Derive's standard margin: each market alone, short options by formula or by largest loss.

Idea: perpetuals and short options need shares of their notional, coins count at a share of their
value. Options of one expiry need the smaller of the sum of their isolated margins and the loss at
the worst settlement price, so that a spread needs no more than it can lose.

    net margin = cash + sum over markets of (perpetuals + options + coins + profit) - depeg penalty

with perpetuals, options <= 0 and coins >= 0. Initial margin also bears the cost of unsure oracles
and of a stable coin below its peg: (threshold - stable) x factor x spot for each perpetual and each
short option. Options count at undiscounted Black-76, the venue's own formula. Source: Derive
v2-core, StandardManager.sol. Wrong for a hedged book: nothing offsets between perpetuals, coins,
expiries and markets. Wrong for inverse options, which the venue does not list: they are valued as
linear ones, V and not V x spot / forward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.margin_account import MarginAccount, Options, SpotPrice
from seawall.margin.account.netted import (
    Chosen,
    Expiries,
    NettedPerps,
    expiries,
    in_quote,
    netted_options,
    no_debt,
    option_rows,
    perps_in_markets,
    with_cash_as_coin,
)
from seawall.margin.account.shifts import UNMOVED, Shifts
from seawall.margin.account.working import AccountMargin, Line, MarketMargins
from seawall.margin.portfolio.many_options import compiled_or_plain
from seawall.margin.portfolio.markets import BESIDE
from seawall.margin.portfolio.overlaid import Tables, overlay
from seawall.margin.portfolio.standard_options import Settled, expiry_line, expiry_margins, settled
from seawall.margin.portfolio.standard_rules import OptionShares, StandardManager
from seawall.venues import Rulebook

NAME = "standard margin"


@dataclass(frozen=True)
class _Term:
    """What holdings of one kind are worth and add to both net margins, (m,) each.

    told  a line for each of them, in the first market
    """

    value: Floats
    maintenance: Floats
    initial: Floats
    told: Callable[[], tuple[Line, ...]]


@dataclass(frozen=True)
class OptionsOn:
    """Netted options (o,) on one underlying, and what of them is the same in every market.

    group, worst      their expiries (e,), and what those can lose at settlement
    shorts            sum of |amount| of short options (e,)
    confidence        lowest of spot, forward and volatilities (e,)
    """

    underlying: str
    shares: OptionShares
    options: Options
    group: Expiries
    worst: Settled
    shorts: Floats
    confidence: Floats


@dataclass(frozen=True)
class Holdings:
    """A whole account, netted once; compiled: the kernel prices its options."""

    account: MarginAccount
    options: tuple[OptionsOn, ...]
    compiled: bool = False


def read(rulebook: Rulebook, table: Section) -> StandardManager:
    """Parameters; [margin.every_market] stands under each of [margin.markets].

    Raises InputError for what is missing, unknown or too large.
    """
    shared, markets = table.section("every_market"), table.section("markets")
    each = {name: overlay(markets.section(name), shared) for name in markets.values}
    left_out = ("every_market", *BESIDE)
    values = {key: value for key, value in table.values.items() if key not in left_out}
    listed = Tables(markets.values, table.file, markets.path, table.text, each)
    whole = Tables(values, table.file, table.path, table.text, {"markets": listed})
    return read_record(whole, StandardManager)


def assess(rule: StandardManager, account: MarginAccount) -> AccountMargin:
    """Requirement of a whole account in quote; see `standard_margin`."""
    chosen = choose(rule, account)
    return in_quote(standard_margin(rule, chosen.account), chosen.whole, chosen.counted)


def choose(rule: StandardManager, account: MarginAccount) -> Chosen[StandardManager]:
    """The account as the rule looks at it, and which of its coins it counts."""
    account = with_cash_as_coin(account)
    markets = [rule.markets.get(asset) for asset in account.balances.assets]
    counted = np.array([m is not None and m.coin is not None for m in markets], dtype=bool)
    return Chosen(rule, account, account, counted)


def standard_margin(rule: StandardManager, account: MarginAccount) -> AccountMargin:
    """Requirement of a whole account in the settlement asset, market by market.

    Net initial and maintenance of the answer are the venue's own numbers, equity its mark-to-market
    with cash. Raises InputError for a coin that is owed or an underlying without a spot price,
    MissingRule for a market whose shares the rule lacks.
    """
    return margins(rule, hold(rule, with_cash_as_coin(account)), UNMOVED).first()


def hold(rule: StandardManager, account: MarginAccount) -> Holdings:
    """The netted account; its cash is a coin already where it should be (`with_cash_as_coin`)."""
    no_debt(account, NAME)
    options = netted_options(account.options)
    names = dict.fromkeys(options.underlying)
    return Holdings(account, tuple(_options_on(rule, account, options, name) for name in names))


def _options_on(
    rule: StandardManager, account: MarginAccount, options: Options, underlying: str
) -> OptionsOn:
    """What of one underlying's options does not depend on the market."""
    shares, spot = rule.option(underlying), _spot(account, underlying)
    options = option_rows(options, np.array([u == underlying for u in options.underlying]))
    group = expiries(options)
    confidence = np.full(group.count, spot.confidence, dtype=np.float64)
    for column in (options.forward_confidence, options.volatility_confidence):
        np.minimum.at(confidence, group.of, column)
    shorts = segment_sums(np.maximum(-options.amount, 0.0), group.of, group.count)
    return OptionsOn(
        underlying, shares, options, group, settled(options, group), shorts, confidence
    )


def margins(rule: StandardManager, held: Holdings, shifts: Shifts) -> MarketMargins:
    """Both margins in each shifted market, settlement asset."""
    account = held.account
    perps = perps_in_markets(account, shifts.spot_of(account.perps.underlying))
    terms = [
        _perps(rule, account, perps, shifts),
        *(_options(rule, held, one, shifts) for one in held.options),
        _coins(rule, account, shifts),
        _depeg(rule, held, perps, shifts),
    ]
    cash = np.full(shifts.count, account.cash)
    equity = cash + sum(term.value for term in terms)
    net_maintenance = cash + sum(term.maintenance for term in terms)
    net_initial = cash + sum(term.initial for term in terms)

    def told() -> Line:
        unit, below = account.settle, "of everything below"
        lines = [line for term in terms for line in term.told()]
        parts = (
            Line("equity", float(equity[0]), unit, "cash + what everything is worth"),
            Line("cash", account.cash, unit),
            *lines,
            Line("net initial", float(net_initial[0]), unit, f"cash + initial {below}"),
            Line("net maintenance", float(net_maintenance[0]), unit, f"cash + maintenance {below}"),
        )
        return Line(NAME, None, unit, "requirement = equity - net margin", parts)

    return MarketMargins(equity, equity - net_initial, equity - net_maintenance, told)


def _spot(account: MarginAccount, underlying: str) -> SpotPrice:
    if underlying not in account.spot:
        raise InputError(
            f"{account.name!r} has no spot price of {underlying}", expected="its price and source"
        )
    return account.spot[underlying]


def _perps(
    rule: StandardManager, account: MarginAccount, perps: NettedPerps, shifts: Shifts
) -> _Term:
    """Perpetuals: their profit, less shares of |size| x mark, less the cost of unsure prices."""
    names = perps.underlying
    shares = [rule.perp(name) for name in names]
    spots = [_spot(account, name) for name in names]
    oracles = [rule.markets[name].oracle for name in names]
    sure = np.array([spot.confidence for spot in spots])
    confidence = np.minimum(perps.confidence, sure)
    low = confidence < np.array([o.perp_threshold for o in oracles])
    factor = np.array([o.factor for o in oracles])
    price = np.array([spot.price for spot in spots]) * shifts.spot_of(names)
    size = np.abs(perps.size)
    unsure = np.where(low, (1.0 - confidence) * factor, 0.0) * price * size
    maintenance = -size * perps.mark * np.array([s.maintenance for s in shares])
    initial = -size * perps.mark * np.array([s.initial for s in shares])
    net = initial - unsure + perps.profit

    def told() -> tuple[Line, ...]:
        return tuple(one(n) for n in range(len(names)))

    def one(n: int) -> Line:
        notional = f"-{size[0, n]:g} x {perps.mark[0, n]:g}"
        by_maintenance, by_initial = shares[n].maintenance, shares[n].initial
        low_told = f"initial only; confidence {confidence[n]:g}"
        parts = (
            Line("profit", float(perps.profit[0, n]), "", "unrealised and accrued"),
            Line("maintenance", float(maintenance[0, n]), "", f"{notional} x {by_maintenance:g}"),
            Line("initial", float(initial[0, n]), "", f"{notional} x {by_initial:g}"),
            Line("unsure oracle", -float(unsure[0, n]), "", low_told),
        )
        return Line(f"{names[n]} {perps.names[n]}", float(net[0, n]), "", "initial", parts)

    return _Term(_total(perps.profit), _total(maintenance + perps.profit), _total(net), told)


def _options(rule: StandardManager, held: Holdings, own: OptionsOn, shifts: Shifts) -> _Term:
    """One underlying's options: the better of isolated and largest loss, and unsure prices."""
    options, group, names = own.options, own.group, (own.underlying,)
    moved, turned = shifts.spot_of(names), shifts.volatility_of(names)
    spot = _spot(held.account, own.underlying).price * moved[:, 0]
    price = compiled_or_plain(held.compiled)(
        options.forward[:, None, None] * moved,
        options.strike,
        options.seconds / SECONDS_PER_YEAR,
        options.volatility[:, None, None] * turned,
        options.call,
    )
    value = np.ascontiguousarray(price[:, :, 0].T) * options.amount
    forward = options.forward[group.first] * moved
    maintenance, initial = expiry_margins(
        own.shares, spot, forward, options, group, own.worst, value
    )
    oracle = rule.markets[own.underlying].oracle
    low = own.confidence < oracle.option_threshold
    charge = np.where(low, (1.0 - own.confidence) * oracle.factor, 0.0)
    unsure = charge * spot[:, None] * own.shorts
    net = initial.total - unsure

    def told() -> tuple[Line, ...]:
        return tuple(one(n) for n in range(group.count))

    def one(n: int) -> Line:
        rows = np.flatnonzero(group.of == n)
        at = float(forward[0, n])
        parts = (
            Line("value", float(np.sum(value[0, rows])), "", "amount x Black-76"),
            expiry_line(maintenance, options, rows, n, own.worst, at),
            expiry_line(initial, options, rows, n, own.worst, at),
            Line(
                "unsure oracle",
                -float(unsure[0, n]),
                "",
                f"initial only; confidence {own.confidence[n]:g}",
            ),
        )
        name = f"{own.underlying} {group.names[n][1]}"
        return Line(name, float(net[0, n]), "", "initial", parts)

    return _Term(_total(value), _total(maintenance.total), _total(net), told)


def _coins(rule: StandardManager, account: MarginAccount, shifts: Shifts) -> _Term:
    """Coins: worth quantity x price / stable price, counted at their share of quantity x price."""
    held, assets = account.balances, account.balances.assets
    markets = [rule.markets.get(asset) for asset in assets]
    terms = [None if m is None else m.coin for m in markets]
    known = np.array([t is not None for t in terms], dtype=bool)
    share = np.array([0.0 if t is None else t.share for t in terms])
    scale = np.array([0.0 if t is None else t.initial_scale for t in terms])
    oracles = [None if m is None else m.oracle for m in markets]
    least = np.array([0.0 if o is None else o.coin_threshold for o in oracles])
    factor = np.array([0.0 if o is None else o.factor for o in oracles])
    price = held.price * shifts.spot_of(assets)
    notional = np.where(known, held.quantity * price, 0.0)
    stable = account.settle_price * shifts.spot_of((account.settle,))
    value = notional / stable
    maintenance = notional * share
    initial = maintenance * scale
    low = known & (held.confidence < least) & (initial != 0.0)
    unsure = np.where(low, (1.0 - held.confidence) * factor * notional, 0.0)
    net = initial - unsure

    def told() -> tuple[Line, ...]:
        return tuple(one(n) for n in range(len(assets)))

    def one(n: int) -> Line:
        if not known[n]:
            return Line(assets[n], 0.0, "", "not collateral: counts as nothing")
        counted = f"{held.quantity[n]:g} x {price[0, n]:g} x {share[n]:g}"
        low_told = f"initial only; confidence {held.confidence[n]:g}"
        parts = (
            Line("value", float(value[0, n]), "", "quantity x price / stable price"),
            Line("maintenance", float(maintenance[0, n]), "", counted),
            Line("initial", float(initial[0, n]), "", f"x {scale[n]:g}"),
            Line("unsure oracle", -float(unsure[0, n]), "", low_told),
        )
        return Line(assets[n], float(net[0, n]), "", "initial", parts)

    return _Term(_total(value), _total(maintenance), _total(net), told)


def _depeg(rule: StandardManager, held: Holdings, perps: NettedPerps, shifts: Shifts) -> _Term:
    """Initial margin only: what a stable coin below its peg costs, market by market."""
    account = held.account
    stable = account.settle_price * shifts.spot_of((account.settle,))[:, 0]
    below = np.maximum(0.0, rule.depeg_threshold - stable)
    exposed: dict[str, Floats] = {}
    sizes = zip(perps.underlying, np.abs(perps.size).T, strict=True)
    shorts = ((own.underlying, np.sum(own.shorts)) for own in held.options)
    for underlying, size in (*sizes, *shorts):
        exposed[underlying] = exposed.get(underlying, np.zeros(shifts.count)) + size
    penalties = {}
    for name, size in exposed.items():
        spot = _spot(account, name).price * shifts.spot_of((name,))[:, 0]
        penalties[name] = -size * below * rule.depeg_factor * spot
    none = np.zeros(shifts.count)
    penalty = sum(penalties.values(), none)

    def told() -> tuple[Line, ...]:
        if below[0] == 0.0:
            return ()
        rule_told = f"x {below[0]:g} x {rule.depeg_factor:g} x spot; initial only"
        return tuple(
            Line(f"{name} depeg", float(amount[0]), "", f"-{exposed[name][0]:g} {rule_told}")
            for name, amount in penalties.items()
        )

    return _Term(none, none, penalty, told)


def _total(amounts: Floats) -> Floats:
    """Sums over holdings (m,)."""
    total: Floats = np.sum(amounts, axis=1)
    return total
