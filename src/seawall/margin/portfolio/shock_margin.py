"""The framework "shock_grid": worst weighted loss over rows of spot and volatility shocks.

Idea, for each underlying: shock spot and implied volatility, revalue, weight the loss, take the
worst row, but at least a charge on delta.

    net = max(worst weighted loss, least delta charge) + short option charge
    initial = sum of net + provisions, maintenance = maintenance_fraction x sum of net + provisions
    shocked volatility = volatility x max(0, 1 + shock (30 / max(floor_days, days))^power)
    delta charge = (net_delta |delta| + hedged_delta (gross delta - |delta|)) x spot

Underlyings add up, without offset. Provisions: funding of perpetuals over the venue's period, and
fees to close. The form of Paradex (SCAN), Deribit and OKX; each venue's numbers are its own.
Source: docs.paradex.trade, risk/portfolio-margin. Wrong where losses lie between the rows, and for
venues that offset underlyings or move each expiry's volatility by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.section import Section
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.dues import lines_of, sum_of
from seawall.margin.account.equity import equity_of
from seawall.margin.account.margin_account import MarginAccount, Options
from seawall.margin.account.netted import (
    NettedPerps,
    expiries,
    naked_shorts,
    netted_options,
    option_rows,
    perp_rows,
    perps_in_markets,
)
from seawall.margin.account.shifts import UNMOVED, Shifts
from seawall.margin.account.working import AccountMargin, Line, MarketMargins, Told, account_margin
from seawall.margin.lending.collateral_margin import balance_dues
from seawall.margin.portfolio.many_options import compiled_or_plain, deltas, group_values
from seawall.margin.portfolio.markets import Markets, read_markets
from seawall.margin.portfolio.shock_rows import ShockGrid, shocked_volatility
from seawall.venues import Collateral, Rulebook


@dataclass(frozen=True)
class ShockMargin:
    """What the framework reads: a grid for each market, and the rulebook's collateral."""

    markets: Markets[ShockGrid]
    collateral: Mapping[str, Collateral]


def read(rulebook: Rulebook, table: Section) -> ShockMargin:
    """Parameters from a rulebook; raises InputError for what is missing, unknown or too large."""
    return ShockMargin(read_markets(rulebook.name, table, ShockGrid), rulebook.collateral)


def assess(rule: ShockMargin, account: MarginAccount) -> AccountMargin:
    """Requirement of an account in quote, with every row's loss for each underlying.

    Raises MissingRule for an underlying without a grid, InputError for one without a spot price.
    """
    equity = equity_of(account)
    found = margins(holdings(rule, account), account, UNMOVED).first()
    due = found.requirement
    coins = balance_dues(rule.collateral, account.balances, equity.balance_value)
    coins_initial, coins_maintenance = sum_of(coins)
    initial = float(due.initial) + coins_initial
    maintenance = float(due.maintenance) + coins_maintenance
    working = Line(
        account.name,
        equity.total - maintenance,
        "quote",
        "equity - maintenance margin",
        (
            equity.line,
            Line("initial margin", initial, "quote"),
            Line("maintenance margin", maintenance, "quote"),
            *found.working.parts,
            *lines_of(coins),
        ),
    )
    return account_margin(equity.total, initial, maintenance, working)


@dataclass(frozen=True)
class OnUnderlying:
    """One underlying's positions, each contract one row, before any market moves.

    options  netted (o,)      spot  quote      naked  shorts without a long at their strike, coins
    worth    (o,) settlement asset, or quote for inverse options, per unit of undiscounted Black
             value, for the amount held
    """

    name: str
    rule: ShockGrid
    options: Options
    spot: float
    naked: float
    worth: Floats
    compiled: bool = False


def holdings(rule: ShockMargin, account: MarginAccount) -> tuple[OnUnderlying, ...]:
    """The account's positions by underlying, with their grids."""
    names = dict.fromkeys([*account.perps.underlying, *account.options.underlying])
    options = netted_options(account.options)
    return tuple(_on_underlying(rule.markets.of(name), account, options, name) for name in names)


def _on_underlying(
    rule: ShockGrid, account: MarginAccount, options: Options, name: str
) -> OnUnderlying:
    if name not in account.spot:
        raise InputError(f"{account.name!r} has no spot price of {name}", expected="its price")
    mine = np.array([u == name for u in options.underlying], dtype=bool)
    own = options if mine.all() else option_rows(options, mine)
    discount = np.exp(-own.rate * np.maximum(own.seconds, 0.0) / SECONDS_PER_YEAR)
    naked = float(np.sum(naked_shorts(own, expiries(own))))
    return OnUnderlying(name, rule, own, account.spot[name].price, naked, own.amount * discount)


def margins(
    held: tuple[OnUnderlying, ...], account: MarginAccount, shifts: Shifts
) -> MarketMargins:
    """Requirements of all underlyings in each shifted market, quote; equity is not theirs: 0."""
    settle = account.settle_price * shifts.spot_of((account.settle,))[:, 0]
    perps = perps_in_markets(account, shifts.spot_of(account.perps.underlying))
    nets = [_market(own, perps, settle, shifts) for own in held]
    none = np.zeros(shifts.count)
    return MarketMargins(
        none,
        sum((net.initial for net in nets), none),
        sum((net.maintenance for net in nets), none),
        lambda: Line("grids", None, "quote", "", tuple(net.told() for net in nets)),
    )


@dataclass(frozen=True)
class _Net:
    """One underlying's requirements (m,), quote, and how they came about."""

    initial: Floats
    maintenance: Floats
    told: Told


@dataclass(frozen=True)
class Moved:
    """One underlying's positions in m markets.

    size (m, n) perpetuals' base units, notional (m,) sum of |size| x mark, exposure (m,) sum of
    size x mark, spot (m,): quote; settle (m,) price of the settlement asset; worth (o,) as in
    `OnUnderlying`; forward and volatility (m,) what those of the options are multiplied by
    """

    options: Options
    compiled: bool
    size: Floats
    notional: Floats
    exposure: Floats
    spot: Floats
    settle: Floats
    worth: Floats
    forward: Floats
    volatility: Floats

    @property
    def volatilities(self) -> Floats:
        """Volatility of each option in each market, (o, m)."""
        return self.options.volatility[:, None] * self.volatility

    @property
    def forwards(self) -> Floats:
        """Forward of each option in each market, (o, m)."""
        return self.options.forward[:, None] * self.forward


def moved_positions(own: OnUnderlying, perps: NettedPerps, settle: Floats, shifts: Shifts) -> Moved:
    """The positions in shifted markets; perps of the whole account there, settle (m,) quote."""
    factor, turned = shifts.spot_of((own.name,))[:, 0], shifts.volatility_of((own.name,))[:, 0]
    mine = perp_rows(perps, np.array([u == own.name for u in perps.underlying], dtype=bool))
    value, options = mine.size * mine.mark, own.options
    return Moved(
        options,
        own.compiled,
        mine.size,
        np.sum(np.abs(value), axis=1) * settle,
        np.sum(value, axis=1) * settle,
        own.spot * factor,
        settle,
        own.worth,
        factor,
        turned,
    )


def _market(own: OnUnderlying, perps: NettedPerps, settle: Floats, shifts: Shifts) -> _Net:
    """One underlying: its worst row, its charges, its provisions."""
    rule, held = own.rule, moved_positions(own, perps, settle, shifts)
    profits, weights = row_profits(rule, held), rule.shocks.weight
    scan = np.maximum(0.0, np.max(-profits * weights, axis=1))
    delta, delta_told = _delta(rule, held)
    shorts = own.naked * rule.short_option * held.spot
    provisions, provision_told = _provisions(rule, held)
    net = np.maximum(scan, delta) + shorts
    initial, maintenance = net + provisions, rule.maintenance_fraction * net + provisions

    def told() -> Line:
        share = f"{rule.maintenance_fraction:g} x net + provisions"
        naked = f"{own.naked:g} x {rule.short_option:g} x spot"
        rows = _row_lines(rule, profits[0])
        due, unit = float(maintenance[0]), "quote"
        parts = (
            Line("scan", float(scan[0]), unit, "the largest weighted loss", rows),
            delta_told(),
            Line("short options", float(shorts[0]), unit, naked),
            Line("net", float(net[0]), unit, "max(scan, delta charge) + short options"),
            provision_told(),
            Line("initial", float(initial[0]), unit, "net + provisions"),
            Line("maintenance", due, unit, share),
        )
        return Line(own.name, due, unit, "maintenance", parts)

    return _Net(initial, maintenance, told)


def row_profits(rule: ShockGrid, held: Moved) -> Floats:
    """Profit of each row in each market (m, s), quote, before its weight.

    An inverse contract counts as a linear one: its coin profit is worth the shocked coin.
    """
    shocks = rule.shocks
    profit: Floats = held.exposure[:, None] * shocks.spot
    options, markets = held.options, held.spot.size
    if not options.amount.size:
        return profit
    # The first shock is today: none of spot or volatility. Rows share a few moves of volatility.
    factor, kinds, level = shocks.factor, shocks.kinds, shocks.level
    multiple = shocked_volatility(rule, options.seconds, kinds).T
    forwards = (factor[:, None] * held.forward).reshape(1, -1)
    found = group_values(
        held.compiled,
        options,
        held.worth,
        options.inverse.astype(np.int64),
        np.repeat(forwards, 2, axis=0),
        (held.volatilities[:, :, None] * multiple[:, None, :]).reshape(options.amount.size, -1),
        (np.arange(markets) * kinds.size + level[:, None]).ravel(),
    )
    linear, inverse = found.reshape(2, factor.size, markets)
    value = (linear * held.settle + inverse).T
    return profit + value[:, 1:] - value[:, :1]


def _row_lines(rule: ShockGrid, profits: Floats) -> tuple[Line, ...]:
    """A line for each row: its weighted loss, above 0 a loss."""
    return tuple(
        Line(
            f"{n + 1}. spot {row.spot:+.4g}, volatility {row.volatility:+.4g}",
            -profit * row.weight,
            "quote",
            f"loss x {row.weight:g}",
        )
        for n, (row, profit) in enumerate(zip(rule.rows, profits.tolist(), strict=True))
    )


def _delta(rule: ShockGrid, held: Moved) -> tuple[Floats, Told]:
    """The least charge (m,): shares of net delta and of delta that offsets, at spot.

    Delta in coins: a perpetual its size, an option amount x its forward delta. Gross delta adds up
    every contract's |delta|, and what it exceeds |net delta| by is hedged.
    """
    o = held.options
    years = o.seconds / SECONDS_PER_YEAR
    slope = deltas(held.compiled, held.forwards, o.strike, years, held.volatilities, o.call)
    by_option = slope * o.amount[:, None]
    net = np.abs(np.sum(held.size, axis=1) + np.sum(by_option, axis=0))
    gross = np.sum(np.abs(held.size), axis=1) + np.sum(np.abs(by_option), axis=0)
    hedged = np.maximum(gross - net, 0.0)
    charge = (rule.net_delta * net + rule.hedged_delta * hedged) * held.spot

    def told() -> Line:
        shares = f"({rule.net_delta:g} x net + {rule.hedged_delta:g} x hedged)"
        parts = (
            Line("net delta", float(net[0]), "coins"),
            Line("hedged delta", float(hedged[0]), "coins"),
        )
        rule_told = f"{shares} x {held.spot[0]:g}"
        return Line("delta charge", float(charge[0]), "quote", rule_told, parts)

    return charge, told


def _provisions(rule: ShockGrid, held: Moved) -> tuple[Floats, Told]:
    """Funding of perpetuals over the venue's period if it is paid, and fees to close, (m,)."""
    funding = np.maximum(0.0, held.exposure * rule.funding)
    perp_fee = held.notional * rule.perp_fee
    option_fee = _option_fee(rule, held)
    total = funding + perp_fee + option_fee

    def told() -> Line:
        paid = f"{rule.funding:g} of notional, if it is paid"
        perp_told = f"{rule.perp_fee:g} of notional"
        option_told = f"{rule.option_fee:g} of spot, capped by value"
        parts = (
            Line("funding", float(funding[0]), "quote", paid),
            Line("perpetual fees", float(perp_fee[0]), "quote", perp_told),
            Line("option fees", float(option_fee[0]), "quote", option_told),
        )
        return Line("provisions", float(total[0]), "quote", "on both margins", parts)

    return total, told


def _option_fee(rule: ShockGrid, held: Moved) -> Floats:
    """Fees to close every option (m,): a share of spot, at most a share of its value."""
    options = held.options
    if rule.option_fee == 0.0 or not options.amount.size:
        return np.zeros(held.spot.size)
    today = compiled_or_plain(held.compiled)(
        held.forwards[:, :, None],
        options.strike,
        options.seconds / SECONDS_PER_YEAR,
        held.volatilities[:, :, None],
        options.call,
    )[:, :, 0]
    in_quote = np.where(options.inverse[:, None], 1.0, held.settle)
    value = np.abs(held.worth[:, None] * today) * in_quote
    by_spot = np.abs(options.amount)[:, None] * held.spot * rule.option_fee
    fee: Floats = np.sum(np.minimum(by_spot, rule.option_fee_cap * value), axis=0)
    return fee
