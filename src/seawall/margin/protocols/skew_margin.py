"""The framework "synthetix_v3": margin ratios that grow with the share of the market's skew scale.

A fill moves the price along the skew: fill = index x (1 + (skew before + skew after) / 2 / skew
scale). Initial ratio = |size| / skew scale x initial fraction + minimum ratio, capped where the
market has a largest ratio; maintenance ratio = initial ratio x scalar. Each margin = |size| x index
x ratio + minimum position margin. The account is margined as one, and both margins add the reward
that a liquidation would cost: the larger of the flag rewards and the keeper's costs, inside bounds.
Equity = collateral + size x (index - entry fill): closing is not charged for its own skew.
Source: Synthetix v3 at 23585f73, perps market.
Wrong when collateral other than the settlement asset is discounted by size: its weight here is
constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seawall.foundation.errors import MissingRule
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_AMOUNT, Quantity, choices
from seawall.foundation.record import number, read_record
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, account_working
from seawall.margin.account.equity import equity_of, refuse_loans
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals
from seawall.margin.account.working import AccountMargin, Line
from seawall.margin.lending.collateral_margin import balance_dues
from seawall.venues import Rulebook

RATIO = Quantity("a ratio of 0 or more (0.02 means 2%)", 0.0, 1000.0)
COINS = Quantity("a size above 0 in coins", 0.0, 1e30, True)


@dataclass(frozen=True)
class SkewMarket:
    """One market's numbers.

    skew_scale       coins of skew at which the price premium is 100%
    initial_fraction, minimum_ratio   of the initial ratio |size| / skew_scale x fraction + minimum
    maintenance_scalar                maintenance ratio / initial ratio
    flag_reward      fraction of the notional paid for flagging an account
    minimum_position_margin           quote, added to both margins
    largest_ratio    cap on the initial ratio, where the market has one
    """

    skew_scale: float = number(COINS)
    initial_fraction: float = number(RATIO)
    minimum_ratio: float = number(RATIO)
    maintenance_scalar: float = number(FRACTION)
    flag_reward: float = number(FRACTION)
    minimum_position_margin: float = number(AMOUNT)
    largest_ratio: float | None = number(RATIO, None)


@dataclass(frozen=True)
class SkewTable:
    """The [margin] table: markets by underlying, and the liquidation reward's bounds in quote."""

    markets: Mapping[str, SkewMarket]
    keeper_cost: float = number(AMOUNT, 0.0)
    least_reward: float = number(AMOUNT, 0.0)
    largest_reward: float | None = number(POSITIVE_AMOUNT, None)


@dataclass(frozen=True)
class SkewMargin:
    """What the framework reads."""

    rulebook: Rulebook
    table: SkewTable


@dataclass(frozen=True)
class PositionMargin:
    """One position's numbers: ratios, margins without the reward, and its flag reward, quote."""

    notional: float
    initial_ratio: float
    maintenance_ratio: float
    initial: float
    maintenance: float
    flag_reward: float


def fill_price(index: float, size: float, skew_before: float, skew_scale: float) -> float:
    """Price paid by an order of ``size`` coins (buy > 0) that meets a skew, quote.

    index x (1 + mean of the skew before and after / skew_scale).
    """
    return index * (1.0 + (skew_before + (skew_before + size)) / 2.0 / skew_scale)


def profit_since_fill(
    *, size: float, entry_index: float, index: float, skew_before: float, skew_scale: float
) -> float:
    """Profit at ``index`` of a position opened alone at ``entry_index`` from a skew, quote."""
    return size * (index - fill_price(entry_index, size, skew_before, skew_scale))


def available_margin(collateral: float, profits: Mapping[str, float]) -> float:
    """Collateral plus the profit of every position, quote; below 0 the account is bankrupt."""
    total = collateral
    for profit in profits.values():
        total += profit
    return total


def position_margin(market: SkewMarket, size: float, index: float) -> PositionMargin:
    """Margins of one position: both include the market's minimum position margin.

    A position of size 0 is closed: everything is 0.
    """
    if size == 0.0:
        return PositionMargin(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    notional = abs(size) * index
    ratio = abs(size) / market.skew_scale * market.initial_fraction + market.minimum_ratio
    if market.largest_ratio is not None:
        ratio = min(ratio, market.largest_ratio)
    maintenance_ratio = ratio * market.maintenance_scalar
    least = market.minimum_position_margin
    return PositionMargin(
        notional=notional,
        initial_ratio=ratio,
        maintenance_ratio=maintenance_ratio,
        initial=notional * ratio + least,
        maintenance=notional * maintenance_ratio + least,
        flag_reward=notional * market.flag_reward,
    )


def margins_without_reward(
    markets: Mapping[str, SkewMarket], sizes: Mapping[str, float], index: Mapping[str, float]
) -> PositionMargin:
    """Sums over positions of the margins and flag rewards; the ratios are those of the sums."""
    each = [position_margin(markets[name], size, index[name]) for name, size in sizes.items()]
    notional = sum(p.notional for p in each)
    initial, maintenance = sum(p.initial for p in each), sum(p.maintenance for p in each)
    return PositionMargin(
        notional=notional,
        initial_ratio=initial / notional if notional else 0.0,
        maintenance_ratio=maintenance / notional if notional else 0.0,
        initial=initial,
        maintenance=maintenance,
        flag_reward=sum(p.flag_reward for p in each),
    )


def liquidation_reward(
    flag_rewards: float, keeper_cost: float, least: float, most: float | None
) -> float:
    """What a liquidation pays its keeper, quote: max(flag rewards, costs) inside [least, most].

    Without ``most`` there is no upper bound.
    """
    reward = max(flag_rewards, keeper_cost, least)
    return reward if most is None else min(reward, most)


def liquidation_capacity(
    *, maker_fee: float, taker_fee: float, skew_scale: float, multiplier: float, seconds: float
) -> float:
    """Coins that may be liquidated in a window of ``seconds``: fees x skew scale x multiplier x it.

    The venue spreads large liquidations over windows, so that the skew can be arbitraged back.
    """
    return (maker_fee + taker_fee) * skew_scale * multiplier * seconds


def read(rulebook: Rulebook, table: Section) -> SkewMargin:
    """Parameters from a rulebook; InputError for an unknown or missing key of [margin]."""
    return SkewMargin(rulebook, read_record(table, SkewTable))


def assess(rule: SkewMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one account.

    Raises MissingRule for a market without numbers, InputError for options, inverse contracts
    and debts.
    """
    refuse_loans(rule.rulebook.name, account)
    refuse_other_than_perpetuals(account, rule.rulebook.name)
    equity = equity_of(account)
    found = [_due(rule, account, n) for n in range(len(account.perps.names))]
    table = rule.table
    reward = 0.0
    if account.perps.size.any():
        flags = sum((flag for _, flag in found), 0.0)
        reward = liquidation_reward(
            flags, table.keeper_cost, table.least_reward, table.largest_reward
        )
    paid = Line(
        "liquidation reward", reward, "quote", "max(flag rewards, keeper cost) inside its bounds"
    )
    coins = balance_dues(rule.rulebook.collateral, account.balances, equity.balance_value)
    dues = (*(due for due, _ in found), *coins)
    told = "sum of positions + reward"
    return account_working(account, equity, dues, told, (paid,), reward, told)


def _due(rule: SkewMargin, account: MarginAccount, n: int) -> tuple[Due, float]:
    """One position's margins and its flag reward, quote."""
    perps, markets = account.perps, rule.table.markets
    underlying = perps.underlying[n]
    if underlying not in markets:
        raise MissingRule(
            f"rulebook {rule.rulebook.name!r} has no [margin.markets.{underlying}], which "
            f"{perps.names[n]!r} needs; expected {choices(underlying, markets)}."
        )
    market = markets[underlying]
    size, index = float(perps.size[n]), float(perps.mark[n])
    due = position_margin(market, size, index)
    least = market.minimum_position_margin if size else 0.0
    settle = account.settle_price
    initial, maintenance = due.initial * settle, due.maintenance * settle
    flag, formula = due.flag_reward * settle, "notional x ratio + minimum"
    parts = (
        Line("notional", due.notional, account.settle, f"|{size:,.10g}| x {index:,.10g}"),
        Line(
            "initial ratio",
            due.initial_ratio,
            "fraction",
            f"|size| / {market.skew_scale:,.10g} x {market.initial_fraction:g} "
            f"+ {market.minimum_ratio:g}",
        ),
        Line(
            "maintenance ratio",
            due.maintenance_ratio,
            "fraction",
            f"initial ratio x {market.maintenance_scalar:g}",
        ),
        Line("minimum position margin", least, account.settle),
        Line("flag reward", flag, "quote", f"{market.flag_reward:g} x notional"),
        Line("maintenance", maintenance, "quote", formula),
        Line("initial", initial, "quote", formula),
    )
    line = Line(perps.names[n], maintenance, "quote", formula, parts)
    return Due(initial, maintenance, line), flag
