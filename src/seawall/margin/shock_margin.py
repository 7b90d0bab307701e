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
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, Quantity
from seawall.foundation.record import number
from seawall.foundation.section import Section
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.margin.account import MarginAccount, Options
from seawall.margin.collateral_margin import balance_lines, total_of
from seawall.margin.equity import equity_of
from seawall.margin.markets import Markets, read_markets
from seawall.margin.netted import (
    NettedPerps,
    expiries,
    naked_shorts,
    netted_options,
    netted_perps,
    option_rows,
    perp_rows,
)
from seawall.margin.working import AccountMargin, Line, account_margin
from seawall.valuation.black import black, greeks
from seawall.venues import Collateral, Rulebook

SPOT_SHOCK = Quantity("a relative move above -1, to 20 (-0.16 means down 16%)", -1.0, 20.0, True)
VOLATILITY_SHOCK = Quantity("a relative move from -1 to 20 (0.4 means up 40%)", -1.0, 20.0)
WEIGHT = Quantity("a weight from 0 to 10 (0.24 means 24% of the loss)", 0.0, 10.0)
RATE = Quantity("a fraction from -1 to 1", -1.0, 1.0)
POWER = Quantity("a power from 0 to 10", 0.0, 10.0)
DAYS = Quantity("a number of days above 0, to 400", 0.0, 400.0, True)
REFERENCE_DAYS = 30.0


@dataclass(frozen=True)
class ShockRow:
    """One row: relative moves of spot and of implied volatility at 30 days, and its weight."""

    spot: float = number(SPOT_SHOCK)
    volatility: float = number(VOLATILITY_SHOCK, 0.0)
    weight: float = number(WEIGHT, 1.0)


@dataclass(frozen=True)
class ShockGrid:
    """One market's numbers.

    rows                       the shocks, in the venue's order
    floor_days                 shortest time to expiry that scales a volatility shock
    short_power, long_power    of (30 / days), below and from 30 days on; 0 and 0: no scaling
    maintenance_fraction       maintenance as a share of the initial net requirement
    net_delta, hedged_delta    shares of spot for net delta and for delta that offsets
    short_option               share of spot for each short without a long at its strike
    funding                    share of notional that a long perpetual pays over the venue's period
    perp_fee, option_fee       share of the mark and of spot to close; option_fee_cap of its value
    """

    rows: tuple[ShockRow, ...]
    maintenance_fraction: float = number(FRACTION)
    floor_days: float = number(DAYS)
    short_power: float = number(POWER)
    long_power: float = number(POWER)
    net_delta: float = number(FRACTION, 0.0)
    hedged_delta: float = number(FRACTION, 0.0)
    short_option: float = number(FRACTION, 0.0)
    funding: float = number(RATE, 0.0)
    perp_fee: float = number(FRACTION, 0.0)
    option_fee: float = number(FRACTION, 0.0)
    option_fee_cap: float = number(FRACTION, 1.0)

    def __post_init__(self) -> None:
        if not self.rows:
            raise InputError("a shock grid has no rows", expected="at least one")


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
    names = dict.fromkeys([*account.perps.underlying, *account.options.underlying])
    lines = [_market(rule.markets.of(name), account, name) for name in names]
    coins = balance_lines(rule.collateral, account.balances, equity.balance_value)
    initial = sum(part.initial for part in lines) + total_of(coins, "initial")
    maintenance = sum(part.maintenance for part in lines) + total_of(coins, "maintenance")
    working = Line(
        account.name,
        equity.total - maintenance,
        "quote",
        "equity - maintenance margin",
        (
            equity.line,
            Line("initial margin", initial, "quote"),
            Line("maintenance margin", maintenance, "quote"),
            *(part.line for part in lines),
            *coins,
        ),
    )
    return account_margin(equity.total, initial, maintenance, working)


@dataclass(frozen=True)
class _Net:
    """One underlying's requirements, quote, and how they came about."""

    initial: float
    maintenance: float
    line: Line


@dataclass(frozen=True)
class _Held:
    """One underlying's positions.

    exposure  perpetuals' size x mark, quote     spot   quote
    worth     (o,) quote per unit of undiscounted Black value, for the amount held
    """

    perps: NettedPerps
    options: Options
    spot: float
    exposure: float
    worth: Floats


def _market(rule: ShockGrid, account: MarginAccount, name: str) -> _Net:
    """One underlying: its worst row, its charges, its provisions."""
    held = _held(account, name)
    profits = row_profits(rule, held.options, held.worth, held.exposure)
    weights = np.array([row.weight for row in rule.rows])
    scan = max(0.0, float(np.max(-profits * weights)))
    delta, delta_line = _delta(rule, held)
    naked = float(np.sum(naked_shorts(held.options, expiries(held.options))))
    shorts = naked * rule.short_option * held.spot
    provisions, provision_line = _provisions(rule, account, held)
    net = max(scan, delta) + shorts
    initial, maintenance = net + provisions, rule.maintenance_fraction * net + provisions
    told = f"{rule.maintenance_fraction:g} x net + provisions"
    parts = (
        Line("scan", scan, "quote", "the largest weighted loss", _row_lines(rule, profits)),
        delta_line,
        Line("short options", shorts, "quote", f"{naked:g} x {rule.short_option:g} x spot"),
        Line("net", net, "quote", "max(scan, delta charge) + short options"),
        provision_line,
        Line("initial", initial, "quote", "net + provisions"),
        Line("maintenance", maintenance, "quote", told),
    )
    return _Net(initial, maintenance, Line(name, maintenance, "quote", "maintenance", parts))


def _held(account: MarginAccount, name: str) -> _Held:
    """The positions on one underlying, each contract one row."""
    if name not in account.spot:
        raise InputError(f"{account.name!r} has no spot price of {name}", expected="its price")
    perps, options = netted_perps(account), netted_options(account.options)
    own = np.array([u == name for u in perps.underlying], dtype=bool)
    options = option_rows(options, np.array([u == name for u in options.underlying], dtype=bool))
    perps = perp_rows(perps, own)
    discount = np.exp(-options.rate * np.maximum(options.seconds, 0.0) / SECONDS_PER_YEAR)
    in_quote = np.where(options.inverse, 1.0, account.settle_price)
    exposure = float(np.sum(perps.size * perps.mark)) * account.settle_price
    return _Held(
        perps, options, account.spot[name].price, exposure, options.amount * discount * in_quote
    )


def row_profits(rule: ShockGrid, options: Options, worth: Floats, exposure: float) -> Floats:
    """Profit of each row (s,), quote, before its weight.

    worth (o,) turns one option's undiscounted Black value into quote for the amount held; exposure
    is the perpetuals' size x mark. An inverse contract counts as a linear one: its coin profit is
    worth the shocked coin.
    """
    spot = np.array([row.spot for row in rule.rows])
    profit: Floats = exposure * spot
    if not options.amount.size:
        return profit
    years = options.seconds / SECONDS_PER_YEAR
    volatility = options.volatility * shocked_volatility(rule, options.seconds)
    forward = options.forward * (1.0 + spot[:, None])
    moved = black(forward, options.strike, years, volatility, options.call)
    today = black(options.forward, options.strike, years, options.volatility, options.call)
    together = np.zeros(worth.size, dtype=np.int64)
    return profit + segment_sums((moved - today) * worth, together, 1)[:, 0]


def shocked_volatility(rule: ShockGrid, seconds: Floats) -> Floats:
    """What each row multiplies each option's volatility by, (s, o), 0 or above."""
    days = np.maximum(seconds / SECONDS_PER_DAY, 0.0)
    power = np.where(days < REFERENCE_DAYS, rule.short_power, rule.long_power)
    scaled = (REFERENCE_DAYS / np.maximum(days, rule.floor_days)) ** power
    shock = np.array([row.volatility for row in rule.rows])
    multiples: Floats = np.maximum(0.0, 1.0 + shock[:, None] * scaled)
    return multiples


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


def _delta(rule: ShockGrid, held: _Held) -> tuple[float, Line]:
    """The least charge: shares of net delta and of delta that offsets, at spot.

    Delta in coins: a perpetual its size, an option amount x its forward delta. Gross delta adds up
    every contract's |delta|, and what it exceeds |net delta| by is hedged.
    """
    o = held.options
    years = o.seconds / SECONDS_PER_YEAR
    slope = greeks(o.forward, o.strike, years, o.volatility, o.call).delta
    each = np.concatenate([held.perps.size, slope * o.amount])
    net, gross = abs(float(np.sum(each))), float(np.sum(np.abs(each)))
    hedged = max(gross - net, 0.0)
    charge = (rule.net_delta * net + rule.hedged_delta * hedged) * held.spot
    told = f"({rule.net_delta:g} x net + {rule.hedged_delta:g} x hedged) x {held.spot:g}"
    parts = (Line("net delta", net, "coins"), Line("hedged delta", hedged, "coins"))
    return charge, Line("delta charge", charge, "quote", told, parts)


def _provisions(rule: ShockGrid, account: MarginAccount, held: _Held) -> tuple[float, Line]:
    """Funding of perpetuals over the venue's period if it is paid, and fees to close."""
    o, settle = held.options, account.settle_price
    funding = max(0.0, held.exposure * rule.funding)
    perp_fee = float(np.sum(np.abs(held.perps.size) * held.perps.mark)) * rule.perp_fee * settle
    years = o.seconds / SECONDS_PER_YEAR
    value = np.abs(held.worth * black(o.forward, o.strike, years, o.volatility, o.call))
    by_spot = np.abs(o.amount) * held.spot * rule.option_fee
    option_fee = float(np.sum(np.minimum(by_spot, rule.option_fee_cap * value)))
    parts = (
        Line("funding", funding, "quote", f"{rule.funding:g} of notional, if it is paid"),
        Line("perpetual fees", perp_fee, "quote", f"{rule.perp_fee:g} of notional"),
        Line("option fees", option_fee, "quote", f"{rule.option_fee:g} of spot, capped by value"),
    )
    total = funding + perp_fee + option_fee
    return total, Line("provisions", total, "quote", "on both margins", parts)
