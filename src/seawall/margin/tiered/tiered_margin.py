"""The framework "tiered": perpetuals and futures by leverage tiers, cross or isolated.

Per position: margin = notional x rate - deduction of its tier, in the settlement asset; linear
notional |size| x mark, inverse |size| / mark coins. Initial margin from the tier's largest
leverage, or from the trader's own if that is lower. Coins held beside the settlement asset add (1 -
liquidation threshold) x value. Equity counts everything at its value. What settles in one asset is
margined together; an isolated position alone. Sources: Binance, Bybit, OKX, Gate, BitMEX and
Hyperliquid margin pages (each preset names its own). Where the rulebook's ``tier_form`` is "whole"
the tier's rates count on the whole position: the deductions are 0 and margin jumps at a bound.
Wrong for venues whose margin offsets positions against each other: those have frameworks of their
own. The same formulas serve the cascade (`seawall.margin.table.assess`); a test holds the two
equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import Quantity, choices
from seawall.foundation.record import read_record, whole
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, account_working
from seawall.margin.account.equity import Equity, equity_of
from seawall.margin.account.margin_account import MarginAccount, Perps
from seawall.margin.account.working import AccountMargin, Line
from seawall.margin.lending.collateral_margin import balance_dues
from seawall.margin.tiered.lines import (
    TierLines,
    inverse_margin,
    margin,
    tier_lines,
    tier_of,
    tiers_in_coin,
)
from seawall.venues import Rulebook, Tier
from seawall.venues.rulebook import WHOLE
from seawall.venues.tier_table import LEVERAGE

# Relative distance from a bound at which its two sides are told apart.
BESIDE = 1e-11
TICK = Quantity("a price step above 0, to 1e9", 0.0, 1e9, True)


@dataclass(frozen=True)
class Rounding:
    """How exact margins are shown (table ``rounding`` of [margin]).

    decimals  of the settlement asset's units    tick  {underlying: step of its price}, may lack any
    """

    decimals: int = whole(0, 18)
    tick: Mapping[str, float] = field(default_factory=dict, metadata={"quantity": TICK})


@dataclass(frozen=True)
class TieredMargin:
    """What the framework reads: the rulebook's tiers and collateral, and the trader's leverage.

    own_leverage  {instrument: leverage chosen by the trader}; initial margin is at least
                  notional / leverage (key ``own_leverage`` of [margin], empty by default)
    rounding      units of exact margins; None: the venue's margins are not counted exactly
    """

    rulebook: Rulebook
    own_leverage: Mapping[str, float]
    rounding: Rounding | None = None


def read(rulebook: Rulebook, table: Section) -> TieredMargin:
    """Parameters from a rulebook; InputError for an unknown key of [margin]."""
    table.only("own_leverage", "inverse_tiers", "rounding")
    if table.has("inverse_tiers"):
        table.word("inverse_tiers", ("coin", "quote"))
    own = table.section("own_leverage")
    rounding = read_record(table.section("rounding"), Rounding) if table.has("rounding") else None
    return TieredMargin(rulebook, own.numbers(LEVERAGE), rounding)


def assess(rule: TieredMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one account.

    Raises MissingRule for an underlying without tiers, or for options: the rulebook has no rule.
    """
    if account.options.names:
        raise MissingRule(
            f"rulebook {rule.rulebook.name!r} margins by tiers and has no [option_margin], but "
            f"account {account.name!r} holds {account.options.names[0]!r}."
        )
    equity = equity_of(account)
    coins = balance_dues(rule.rulebook.collateral, account.balances, equity.balance_value)
    dues = _positions(rule, account, equity) + coins
    return account_working(account, equity, dues, "sum over positions and balances")


def tiers_for(rulebook: Rulebook, perps: Perps, n: int) -> tuple[tuple[Tier, ...], bool]:
    """The tiers of position ``n`` and whether their bounds are in coin."""
    underlying, name = perps.underlying[n], perps.names[n]
    if perps.inverse[n] and tiers_in_coin(rulebook, underlying, name):
        return rulebook.coin_tiers[underlying], True
    tiers = rulebook.tiers.get(underlying, rulebook.default_tiers)
    if not tiers:
        known = f"{choices(underlying, rulebook.tiers)}, or " if rulebook.tiers else ""
        raise MissingRule(
            f"rulebook {rulebook.name!r} has no margin tiers for {underlying!r} (instrument "
            f"{name!r}) and no default_tiers; expected {known}tiers.{underlying} with lower_bound, "
            "max_leverage and maintenance_rate."
        )
    return tiers, False


def jump_factors(rule: TieredMargin, account: MarginAccount, asset: str) -> Floats:
    """Factors (j,) on the price of ``asset`` at which maintenance jumps, to either side of each.

    Those that bring a position to a bound of its tiers, in the whole form; inverse contracts with
    bounds in quote stay in their tier at every price.
    """
    perps, found = account.perps, []
    whole = rule.rulebook.tier_form == WHOLE
    for n in range(len(perps.names) if whole else 0):
        tiers, in_coin = tiers_for(rule.rulebook, perps, n)
        inverse, size = bool(perps.inverse[n]), abs(float(perps.size[n]))
        if perps.underlying[n] != asset or size == 0.0 or (inverse and not in_coin):
            continue
        mark = float(perps.mark[n])
        found += [
            size / mark / t.lower_bound if inverse else t.lower_bound / (size * mark)
            for t in tiers[1:]
        ]
    at = np.array(found)
    return np.concatenate([at * (1.0 - BESIDE), at * (1.0 + BESIDE)])


@dataclass(frozen=True)
class _Due:
    """Margins of all positions (n,): what they are and what made them.

    tables (x,) distinct tier tables, in_coin (x,); table (n,) each position's; ranked (n,) what the
    bounds are compared with; maintenance and initial (n,) quote
    """

    tables: tuple[tuple[Tier, ...], ...]
    lines: TierLines
    table: Ints
    ranked: Floats
    maintenance: Floats
    initial: Floats


def _due(rule: TieredMargin, account: MarginAccount, equity: Equity) -> _Due:
    """The margin formulas, once over all positions."""
    perps, settle = account.perps, account.settle_price
    number: dict[tuple[str, bool], int] = {}
    tables: list[tuple[Tier, ...]] = []
    coins: list[bool] = []
    table = np.zeros(len(perps.names), dtype=np.int64)
    whole = rule.rulebook.tier_form == WHOLE
    for n, key in enumerate(zip(perps.underlying, perps.inverse.tolist(), strict=True)):
        if key not in number:
            number[key] = len(tables)
            tiers, in_coin = tiers_for(rule.rulebook, perps, n)
            tables.append(tiers)
            coins.append(in_coin)
        table[n] = number[key]
    lines = tier_lines(tables, coins, [whole] * len(tables))
    size, in_coin_of, begins = np.abs(perps.size), lines.in_coin[table], lines.starts(table)

    def due(rate: Floats, cut: Floats) -> Floats:
        linear = margin(equity.perp_notional, rate, cut, begins)
        none = np.zeros_like(size)
        inverse = inverse_margin(size, perps.mark, rate, cut, none, in_coin_of, begins)
        return np.where(perps.inverse, inverse, linear) * settle

    initial = due(lines.initial_rate[table], lines.initial_deduction[table])
    for n, name in enumerate(perps.names):
        if name in rule.own_leverage:
            own = float(equity.perp_notional[n]) / rule.own_leverage[name] * settle
            initial[n] = max(float(initial[n]), own)
    return _Due(
        tables=tuple(tables),
        lines=lines,
        table=table,
        # Inverse contracts whose bounds are in quote are ranked by their contracts.
        ranked=np.where(perps.inverse & ~in_coin_of, size, equity.perp_notional),
        maintenance=due(lines.maintenance_rate[table], lines.maintenance_deduction[table]),
        initial=initial,
    )


def _positions(rule: TieredMargin, account: MarginAccount, equity: Equity) -> tuple[Due, ...]:
    """A line for each position: notional, tier, rate, deduction and both margins."""
    if not account.perps.names:
        return ()
    found = _due(rule, account, equity)
    return tuple(
        _position(account, equity, found, n, rule.own_leverage.get(name))
        for n, name in enumerate(account.perps.names)
    )


def _position(
    account: MarginAccount, equity: Equity, found: _Due, n: int, own: float | None
) -> Due:
    perps, x = account.perps, int(found.table[n])
    tiers, in_coin = found.tables[x], bool(found.lines.in_coin[x])
    inverse, ranked = bool(perps.inverse[n]), float(found.ranked[n])
    tier = tier_of([t.lower_bound for t in tiers], ranked)
    rate = float(found.lines.maintenance_rate[x, tier])
    cut = float(found.lines.maintenance_deduction[x, tier])
    unit, maintenance = account.settle, float(found.maintenance[n])
    initial = float(found.initial[n])
    value = f"{abs(float(perps.size[n])):,.10g} {'/' if inverse else 'x'} {perps.mark[n]:,.10g}"
    parts = (
        Line("notional", float(equity.perp_notional[n]), unit, value),
        Line("tier", tier + 1, "", _place(tiers, tier, ranked)),
        Line("maintenance rate", rate, "fraction"),
        Line("deduction", cut, unit if in_coin or not inverse else "quote"),
        Line(
            "maintenance",
            maintenance,
            "quote",
            f"({ranked:,.10g} x {rate:.6g} - {cut:,.10g})"
            + _conversion(inverse, in_coin, account.settle_price),
        ),
        Line(
            "initial",
            initial,
            "quote",
            f"at most {tiers[tier].max_leverage:g}x in this tier"
            + ("" if own is None else f", own leverage {own:g}x"),
        ),
    )
    whole = found.lines.start is not None
    formula = "notional x rate of its tier" if whole else "notional x rate - deduction"
    line = Line(perps.names[n], maintenance, "quote", formula, parts)
    return Due(initial, maintenance, line)


def _place(tiers: tuple[Tier, ...], tier: int, ranked: float) -> str:
    """Where a tier begins, and that the venue's table has ended before this position."""
    end = tiers[-1].upper_bound
    beyond = "" if end is None or ranked <= end else f", beyond the table's end at {end:,.10g}"
    return f"from {tiers[tier].lower_bound:,.10g} on, of {len(tiers)}{beyond}"


def _conversion(inverse: bool, in_coin: bool, settle: float) -> str:
    """How the product becomes quote, as said in a working."""
    if inverse and not in_coin:
        return " / mark x settlement price"
    return "" if settle == 1.0 else f" x {settle:,.10g}"
