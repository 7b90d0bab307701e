"""The framework "collateral": loans against coins, tested by health factor (Aave v3).

Equity = collateral - debt; maintenance = sum over collateral of (1 - liquidation threshold) x
value; initial the same with loan-to-value. So equity < maintenance is exactly health factor < 1,
and health factor = sum(value x threshold) / debt. The whole account is margined together.
Source: Aave v3-core 782f5191, health factor. Wrong with isolation or efficiency modes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.section import Section
from seawall.margin.account.dues import Due, account_working
from seawall.margin.account.equity import equity_of
from seawall.margin.account.margin_account import Balances, MarginAccount
from seawall.margin.account.working import AccountMargin, Line
from seawall.margin.lending.collateral import health_factor, shortfall_margin
from seawall.venues import Collateral, Rulebook

# A coin without terms counts for nothing: it is worth its price and needs all of it.
NO_TERMS = Collateral(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class CollateralMargin:
    """What the framework reads: loan-to-value and liquidation threshold of each asset."""

    venue: str
    collateral: Mapping[str, Collateral]


def read(rulebook: Rulebook, table: Section) -> CollateralMargin:
    """Parameters from a rulebook; InputError for any key of [margin]: there is none."""
    table.only()
    return CollateralMargin(rulebook.name, rulebook.collateral)


def assess(rule: CollateralMargin, account: MarginAccount) -> AccountMargin:
    """Requirement and working of one loan account: cash in the settlement asset is a balance too.

    Raises InputError for an account with positions: a lender margins balances only.
    """
    held = (*account.perps.names, *account.options.names)
    if held:
        raise InputError(
            f"account {account.name!r} holds {held[0]!r} at {rule.venue!r}, which lends",
            expected="balances only; positions at a venue that margins them",
        )
    balances = _with_cash(account)
    equity = equity_of(account)
    value = balances.quantity * balances.price
    terms = [rule.collateral.get(name, NO_TERMS) for name in balances.assets]
    threshold = np.array([t.liquidation_threshold for t in terms])
    held_value, debt = np.maximum(value, 0.0), float(-np.minimum(value, 0.0).sum())
    loan = (
        Line("debt", debt, "quote", "sum of what is owed"),
        Line(
            "health factor",
            health_factor(held_value, threshold, debt),
            "fraction",
            "sum of value x liquidation threshold / debt; below 1 is liquidatable",
        ),
    )
    dues = balance_dues(rule.collateral, balances, value)
    return account_working(account, equity, dues, "sum of (1 - loan-to-value) x value", loan)


def _with_cash(account: MarginAccount) -> Balances:
    """The account's balances with its cash as the first of them."""
    held = account.balances
    if account.cash == 0.0:
        return held
    return Balances(
        (account.settle, *held.assets),
        np.concatenate([[account.cash], held.quantity]),
        np.concatenate([[account.settle_price], held.price]),
        np.concatenate([[account.settle_confidence], held.confidence]),
    )


def balance_dues(
    collateral: Mapping[str, Collateral], balances: Balances, value: Floats
) -> tuple[Due, ...]:
    """What each balance (b,) worth ``value`` quote needs: its shortfall, 0 for debts."""
    out = []
    for n, name in enumerate(balances.assets):
        terms = collateral.get(name, NO_TERMS)
        worth = value[n : n + 1]
        maintenance = float(shortfall_margin(worth, 1.0 - np.array(terms.liquidation_threshold))[0])
        initial = float(shortfall_margin(worth, 1.0 - np.array(terms.loan_to_value))[0])
        parts = (
            Line("value", float(worth[0]), "quote"),
            Line("liquidation threshold", terms.liquidation_threshold, "fraction"),
            Line("loan-to-value", terms.loan_to_value, "fraction"),
            Line("maintenance", maintenance, "quote", "(1 - liquidation threshold) x value"),
            Line("initial", initial, "quote", "(1 - loan-to-value) x value"),
        )
        line = Line(name, maintenance, "quote", "0 for a debt", parts)
        out.append(Due(initial, maintenance, line))
    return tuple(out)
