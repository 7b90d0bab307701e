"""Equity and margins of one account in many shifted markets at once: the fast twins.

Liquidation prices, surfaces and what-if ask the same account at hundreds of prices. The frameworks
tiered, standard and collateral are evaluated here over all of them in columns, without a working;
portfolio margins in `seawall.margin.many_markets.along_portfolio`; the others market by market
(`seawall.margin.rules.one_by_one`). A test holds each equal to its framework.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.shifts import Evaluate
from seawall.margin.lending.collateral_margin import CollateralMargin
from seawall.margin.many_markets.along_portfolio import (
    along_pmrm_v1,
    along_pmrm_v2,
    along_shock_grid,
    along_standard_manager,
)
from seawall.margin.many_markets.along_rows import (
    Factors,
    Part,
    Rows,
    Sums,
    coins_part,
    evaluator,
    gains_of,
    option_worth,
    sums,
)
from seawall.margin.options.standard import netted_margin, short_margin
from seawall.margin.options.standard_margin import StandardMargin
from seawall.margin.tiered.lines import inverse_margin, margin, tier_lines
from seawall.margin.tiered.tiered_margin import TieredMargin, tiers_for
from seawall.venues.rulebook import WHOLE


def along_tiered(rule: TieredMargin, account: MarginAccount) -> Evaluate | None:
    """Tiered perpetuals and coins; None for an account with options, which the rule refuses."""
    if account.options.names:
        return None
    perps = account.perps
    found = [tiers_for(rule.rulebook, perps, n) for n in range(len(perps.names))]
    whole = [rule.rulebook.tier_form == WHOLE] * len(found)
    lines = tier_lines([tiers for tiers, _ in found], [coin for _, coin in found], whole)
    own = np.array([rule.own_leverage.get(name, np.inf) for name in perps.names])

    def choose(rows: Ints) -> Rows:
        size, inverse = np.abs(perps.size[rows]), perps.inverse[rows]
        gains, own_rows, in_coin = gains_of(account, rows), own[rows], lines.in_coin[rows]
        rates = lines.maintenance_rate[rows], lines.initial_rate[rows]
        cuts = lines.maintenance_deduction[rows], lines.initial_deduction[rows]
        none, begins = np.zeros(rows.size), lines.starts(rows)

        def due(mark: Floats, rate: Floats, cut: Floats) -> Floats:
            linear = margin(size * mark, rate, cut, begins)
            if not inverse.any():
                return linear
            wide = np.broadcast_to(size, mark.shape)
            coin = inverse_margin(wide, mark, rate, cut, none, in_coin, begins)
            return np.where(inverse, coin, linear)

        def at(factors: Factors) -> Sums:
            mark = perps.mark[rows] * factors.spot
            notional = np.where(inverse, size / mark, size * mark)
            maintenance, initial = (due(mark, r, c) for r, c in zip(rates, cuts, strict=True))
            initial = np.maximum(initial, notional / own_rows)
            settle = factors.settle
            return sums(gains(mark, settle), initial * settle, maintenance * settle)

        return at

    return evaluator(
        account, (Part(perps.underlying, choose), coins_part(rule.rulebook.collateral, account))
    )


def along_standard(rule: StandardMargin, account: MarginAccount) -> Evaluate:
    """Options by fractions of the underlying, perpetuals by rate and slope, coins."""
    perps, options, terms = account.perps, account.options, rule.option_margin
    spot = np.array([account.spot[u].price for u in options.underlying])
    worth_of = option_worth(account)
    rates = [terms.perp(u) for u in perps.underlying]
    initial_rate = np.array([r.initial for r in rates])
    rate, slope = np.array([r.maintenance for r in rates]), np.array([r.slope for r in rates])

    def perp_rows(rows: Ints) -> Rows:
        size, inverse, gains = (
            np.abs(perps.size[rows]),
            perps.inverse[rows],
            gains_of(account, rows),
        )

        def at(factors: Factors) -> Sums:
            mark, settle = perps.mark[rows] * factors.spot, factors.settle
            coins = np.where(inverse, size / mark, size)
            notional = np.where(inverse, coins, size * mark)
            steep = slope[rows] * coins * notional
            initial = (notional * initial_rate[rows] + steep) * settle
            return sums(gains(mark, settle), initial, (notional * rate[rows] + steep) * settle)

        return at

    def option_rows(rows: Ints) -> Rows:
        strike, call, amount = options.strike[rows], options.call[rows], options.amount[rows]
        worth = worth_of(rows)

        def at(factors: Factors) -> Sums:
            value, price = worth(factors), spot[rows] * factors.spot
            short = short_margin(terms, value, price, strike, call)
            initial, maintenance = (netted_margin(amount, value, one) for one in short)
            return sums(amount * value, initial, maintenance)

        return at

    return evaluator(
        account,
        (
            Part(perps.underlying, perp_rows),
            Part(options.underlying, option_rows),
            coins_part(rule.collateral, account),
        ),
    )


def along_collateral(rule: CollateralMargin, account: MarginAccount) -> Evaluate | None:
    """Loans: coins and debts; None where the rule refuses, or counts cash as a coin."""
    if account.perps.names or account.options.names or account.cash != 0.0:
        return None
    return evaluator(account, (coins_part(rule.collateral, account),))


ALONG: dict[str, Callable[[Any, MarginAccount], Evaluate | None]] = {
    "tiered": along_tiered,
    "standard": along_standard,
    "collateral": along_collateral,
    "pmrm_v1": along_pmrm_v1,
    "pmrm_v2": along_pmrm_v2,
    "standard_manager": along_standard_manager,
    "shock_grid": along_shock_grid,
}
