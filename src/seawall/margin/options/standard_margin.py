"""The framework "standard": options and perpetuals by fractions of the underlying (Deribit's form).

Short options by `seawall.margin.options.standard.short_margin`, netted against an equity that
counts option values; long options give no credit. Perpetuals and futures: notional x (rate + slope
x coins). Linear and inverse, per settlement asset. Source: Deribit help pages on standard margin.
Wrong for portfolio margin, which offsets options against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.foundation.errors import MissingRule
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, account_working
from seawall.margin.account.equity import Equity, equity_of
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import AccountMargin, Line
from seawall.margin.lending.collateral_margin import balance_dues
from seawall.margin.options.standard import netted_margin, perp_margin, short_margin
from seawall.venues import Collateral, OptionMargin, Rulebook


@dataclass(frozen=True)
class StandardMargin:
    """What the framework reads: the rulebook's [option_margin] and its collateral."""

    option_margin: OptionMargin
    collateral: Mapping[str, Collateral]


def read(rulebook: Rulebook, table: Section) -> StandardMargin:
    """Parameters from a rulebook; MissingRule without [option_margin]."""
    table.only()
    if rulebook.option_margin is None:
        raise MissingRule(
            f"rulebook {rulebook.name!r} has framework 'standard' and no [option_margin]: "
            'write it, or start from preset = "deribit".'
        )
    return StandardMargin(rulebook.option_margin, rulebook.collateral)


def assess(rule: StandardMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one account that settles in one asset."""
    equity = equity_of(account)
    dues = (
        *(_perp(rule, account, equity, n) for n in range(len(account.perps.names))),
        *(_option(rule, account, equity, n) for n in range(len(account.options.names))),
        *balance_dues(rule.collateral, account.balances, equity.balance_value),
    )
    return account_working(account, equity, dues, "sum over positions and balances")


def _perp(rule: StandardMargin, account: MarginAccount, equity: Equity, n: int) -> Due:
    perps, settle = account.perps, account.settle_price
    rates = rule.option_margin.perp(perps.underlying[n])
    coins, notional = equity.perp_coins[n : n + 1], equity.perp_notional[n : n + 1]
    due = perp_margin(rates, coins, notional)
    initial, maintenance = (float(margin[0]) * settle for margin in due)
    parts = (
        Line("notional", float(notional[0]), account.settle),
        Line("size in coins", float(coins[0]), perps.underlying[n]),
        Line("maintenance rate", rates.maintenance, "fraction"),
        Line("slope", rates.slope, "fraction per coin"),
        Line("maintenance", maintenance, "quote", "notional x (rate + slope size)"),
        Line("initial", initial, "quote", f"the same at {rates.initial:g}"),
    )
    line = Line(perps.names[n], maintenance, "quote", "notional x (rate + slope size)", parts)
    return Due(initial, maintenance, line)


def _option(rule: StandardMargin, account: MarginAccount, equity: Equity, n: int) -> Due:
    options = account.options
    one = slice(n, n + 1)
    value = equity.option_value[one]
    spot = np.array([account.spot[options.underlying[n]].price])
    amount, call = options.amount[one], options.call[one]
    short = short_margin(rule.option_margin, value, spot, options.strike[one], call)
    initial, maintenance = (float(netted_margin(amount, value, due)[0]) for due in short)
    away = float(np.where(call, options.strike[one] - spot, spot - options.strike[one])[0])
    mine = float(amount[0]) < 0
    parts = (
        Line("amount", float(amount[0]), options.underlying[n]),
        Line("value of one", float(value[0]), "quote"),
        Line("out of the money by", max(away, 0.0), "quote"),
        Line("maintenance of one short", float(short[1][0]), "quote"),
        Line("initial of one short", float(short[0][0]), "quote"),
        Line(
            "maintenance",
            maintenance,
            "quote",
            "-amount x (margin of one - value)" if mine else "amount x value: a long gives nothing",
        ),
        Line("initial", initial, "quote"),
    )
    told = "netted against its value in equity"
    return Due(initial, maintenance, Line(options.names[n], maintenance, "quote", told, parts))
