"""The framework "drift_v2": perpetuals, deposits and borrows with weights that size worsens.

Every perpetual requires value x ratio, its profit counts towards collateral (positive profit at a
market's own weight); every deposit counts at its asset weight, every borrow requires its value at
its liability weight. The account may be liquidated when collateral < requirement, and a liquidation
ends when collateral reaches the requirement plus a buffer (2%) of every liability.
Here equity counts everything in full, and the requirement holds what the weights take: initial =
equity - (collateral - requirement) at initial weights, and so maintenance.
Source: drift-labs/protocol-v2 (`drift_exact` holds the rule in whole numbers; `exact` of this
framework gives it for the same account; here weights are not rounded to a ten-thousandth, so a
sized position differs by up to that share of its value). Wrong as `drift_exact` says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_FRACTION, Quantity, choices
from seawall.foundation.record import number, read_record, whole
from seawall.foundation.section import Section
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals
from seawall.margin.account.working import AccountMargin, Line, account_margin
from seawall.venues import Rulebook

SIZE_FACTOR = Quantity("a size factor (imf) from 0 to 1 per root of a coin", 0.0, 1.0)
LIABILITY = Quantity("a liability weight from 1 to 10 (1.2 means 120%)", 1.0, 10.0)
TOKENS = Quantity("an amount of 0 or more in the asset", 0.0, 1e30)


@dataclass(frozen=True)
class PerpRule:
    """Margin ratios of one perpetual, its size factor, and how its positive profit counts."""

    initial: float = number(POSITIVE_FRACTION)
    maintenance: float = number(POSITIVE_FRACTION)
    size_factor: float = number(SIZE_FACTOR, 0.0)
    initial_profit_weight: float = number(FRACTION, 1.0)
    maintenance_profit_weight: float = number(FRACTION, 1.0)


@dataclass(frozen=True)
class AssetRule:
    """Weights of one asset held or borrowed.

    scale_start  value of all deposits (quote) from which the initial weight shrinks; 0 = never
    deposits     all deposits of it at the venue, tokens
    """

    decimals: int = whole(0, 18)
    initial_asset_weight: float = number(FRACTION)
    maintenance_asset_weight: float = number(FRACTION)
    initial_liability_weight: float = number(LIABILITY)
    maintenance_liability_weight: float = number(LIABILITY)
    size_factor: float = number(SIZE_FACTOR, 0.0)
    scale_start: float = number(AMOUNT, 0.0)
    deposits: float = number(TOKENS, 0.0)


@dataclass(frozen=True)
class DriftMargin:
    """What the framework reads from [margin].

    buffer      share of every liability needed on top to end a liquidation
    default_perp  for underlying that ``perps`` does not list; without it those are refused
    largest_initial_profit  profit of one position that counts at most initially, quote
    own_ratio   the trader's own margin ratio, for initial margin only
    """

    perps: Mapping[str, PerpRule] = field(default_factory=dict)
    assets: Mapping[str, AssetRule] = field(default_factory=dict)
    default_perp: PerpRule | None = None
    buffer: float = number(FRACTION, 0.02)
    largest_initial_profit: float | None = number(AMOUNT, None)
    own_ratio: float = number(FRACTION, 0.0)

    def perp(self, underlying: str) -> PerpRule:
        """The rule of one underlying; MissingRule when there is none and no default."""
        found = self.perps.get(underlying, self.default_perp)
        if found is None:
            raise MissingRule(
                f"the drift_v2 margin has no ratios for {underlying!r} and no default_perp; "
                f"expected {choices(underlying, self.perps)}, or [margin.perps.{underlying}] with "
                "initial and maintenance."
            )
        return found

    def asset(self, name: str) -> AssetRule:
        """The weights of one asset; MissingRule when it is not listed."""
        if name not in self.assets:
            raise MissingRule(
                f"the drift_v2 margin has no weights for {name!r}; expected "
                f"{choices(name, self.assets)}, or [margin.assets.{name}] with its weights."
            )
        return self.assets[name]


def read(rulebook: Rulebook, table: Section) -> DriftMargin:
    """Parameters from a rulebook; InputError for an unknown key or a maintenance above initial."""
    rule = read_record(table, DriftMargin)
    perps = table.section("perps")
    for name, perp in rule.perps.items():
        if perp.maintenance > perp.initial:
            raise perps.section(name).refuse(
                "maintenance", f"is {perp.maintenance:g}", f"at most initial {perp.initial:g}"
            )
    return rule


@dataclass(frozen=True)
class Counted:
    """What one holding counts for, quote: equity, and collateral and requirement of each kind."""

    equity: float
    liability: float
    collateral: tuple[float, float]
    requirement: tuple[float, float]
    line: Line

    def due(self, kind: int) -> float:
        """What the weights and ratios take of equity: 0 initial, 1 maintenance."""
        return self.equity - self.collateral[kind] + self.requirement[kind]


def assess(rule: DriftMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one account, quote.

    Raises InputError for anything but linear perpetuals and coins, MissingRule for a coin or an
    underlying without weights.
    """
    refuse_other_than_perpetuals(account, "drift_v2")
    counted = [
        _cash(account),
        *(_perp(rule, account, n) for n in range(len(account.perps.names))),
        *(_coin(rule, account, n) for n in range(len(account.balances.assets))),
    ]
    equity = initial = maintenance = collateral = requirement = liabilities = 0.0
    # Left to right, so that the sum is the same on every machine.
    for part in counted:
        equity += part.equity
        initial += part.due(0)
        maintenance += part.due(1)
        collateral += part.collateral[1]
        requirement += part.requirement[1]
        liabilities += part.liability
    leaving = requirement + rule.buffer * liabilities
    short = max(leaving - collateral, 0.0)
    parts = (
        Line("equity", equity, "quote", "everything at its value"),
        Line("initial margin", initial, "quote", "equity less (collateral - requirement), initial"),
        Line(
            "maintenance margin",
            maintenance,
            "quote",
            "equity less (collateral - requirement)",
            tuple(part.line for part in counted),
        ),
        Line("collateral", collateral, "quote", "at maintenance weights"),
        Line("requirement", requirement, "quote", "at maintenance ratios"),
        Line(
            "to leave liquidation",
            leaving,
            "quote",
            f"requirement + {rule.buffer:g} x liabilities of {liabilities:,.10g}",
        ),
        Line("shortage", short, "quote", "what is missing to leave a liquidation"),
    )
    working = Line(
        account.name, equity - maintenance, "quote", "collateral - requirement, maintenance", parts
    )
    return account_margin(equity, initial, maintenance, working)


def liability_weight(size: float, factor: float, own: float) -> float:
    """Weight or ratio of a liability of ``size`` coins: max(own, 0.8 own + factor sqrt(size))."""
    return max(own, 0.8 * own + factor * math.sqrt(size))


def asset_weight(size: float, factor: float, own: float) -> float:
    """Weight of a deposit of ``size`` coins: min(own, 1.1 / (1 + factor sqrt(size)))."""
    if factor == 0.0:
        return own
    return min(own, 1.1 / (1.0 + factor * math.sqrt(size)))


def scaled_weight(rule: AssetRule, price: float) -> float:
    """Initial asset weight once all deposits of the asset exceed ``scale_start``."""
    value = rule.deposits * price
    if rule.scale_start == 0.0 or value < rule.scale_start:
        return rule.initial_asset_weight
    return rule.initial_asset_weight * rule.scale_start / value


def _cash(account: MarginAccount) -> Counted:
    """The quote asset, whole: a deposit is collateral, a borrow a requirement."""
    value = account.cash * account.settle_price
    held, owed = max(value, 0.0), max(-value, 0.0)
    rule = f"{account.cash:,.10g} x {account.settle_price:,.10g}"
    line = Line(account.settle, value, "quote", rule)
    return Counted(value, owed, (held, held), (owed, owed), line)


def _perp(rule: DriftMargin, account: MarginAccount, n: int) -> Counted:
    perps, settle = account.perps, account.settle_price
    size, mark, entry = float(perps.size[n]), float(perps.mark[n]), float(perps.entry[n])
    own = rule.perp(perps.underlying[n])
    value = abs(size) * mark * settle
    profit = (size * (mark - entry) + float(perps.accrued[n])) * settle
    ratios = (
        max(liability_weight(abs(size), own.size_factor, own.initial), rule.own_ratio),
        liability_weight(abs(size), own.size_factor, own.maintenance),
    )
    weights = (own.initial_profit_weight, own.maintenance_profit_weight)
    initial, maintenance = (profit * w if profit > 0.0 else profit for w in weights)
    if rule.largest_initial_profit is not None:
        initial = min(initial, rule.largest_initial_profit)
    requirement = (value * ratios[0], value * ratios[1])
    parts = (
        Line("value", value, "quote", f"{abs(size):,.10g} x {mark:,.10g}"),
        Line("profit", profit, "quote", f"{size:,.10g} x ({mark:,.10g} - {entry:,.10g})"),
        Line("profit counted", maintenance, "quote", f"{initial:,.10g} initially"),
        Line("initial ratio", ratios[0], "fraction", _grown(own.initial, own.size_factor)),
        Line("maintenance ratio", ratios[1], "fraction", _grown(own.maintenance, own.size_factor)),
        Line("initial", requirement[0], "quote", "value x initial ratio"),
        Line("maintenance", requirement[1], "quote", "value x maintenance ratio"),
    )
    line = Line(perps.names[n], requirement[1], "quote", "value x ratio", parts)
    return Counted(profit, value, (initial, maintenance), requirement, line)


def _coin(rule: DriftMargin, account: MarginAccount, n: int) -> Counted:
    held = account.balances
    asset, quantity, price = held.assets[n], float(held.quantity[n]), float(held.price[n])
    own, size, value = rule.asset(asset), abs(quantity), quantity * price
    factor = own.size_factor
    if quantity >= 0.0:
        before = (scaled_weight(own, price), own.maintenance_asset_weight)
        weights = (asset_weight(size, factor, before[0]), asset_weight(size, factor, before[1]))
        counted = (value * weights[0], value * weights[1])
        line = _coin_line(asset, value, quantity, price, weights, counted)
        return Counted(value, 0.0, counted, (0.0, 0.0), line)
    before = (own.initial_liability_weight, own.maintenance_liability_weight)
    weights = (liability_weight(size, factor, before[0]), liability_weight(size, factor, before[1]))
    due = (-value * weights[0], -value * weights[1])
    line = _coin_line(asset, value, quantity, price, weights, due)
    return Counted(value, -value, (0.0, 0.0), due, line)


def _coin_line(
    asset: str,
    value: float,
    quantity: float,
    price: float,
    weights: tuple[float, float],
    counted: tuple[float, float],
) -> Line:
    what = "counts" if quantity >= 0.0 else "requires"
    parts = (
        Line("value", value, "quote", f"{quantity:,.10g} x {price:,.10g}"),
        Line("initial weight", weights[0], "fraction"),
        Line("maintenance weight", weights[1], "fraction"),
        Line("initial", counted[0], "quote", f"{what} initially"),
        Line("maintenance", counted[1], "quote", what),
    )
    return Line(asset, counted[1], "quote", f"{what} value x weight", parts)


def _grown(own: float, factor: float) -> str:
    return f"max({own:.6g}, 0.8 x {own:.6g} + {factor:.6g} x root of size)"
