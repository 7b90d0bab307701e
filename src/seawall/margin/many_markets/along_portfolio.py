"""Portfolio margin of one account in many shifted markets at once: the frameworks' own functions.

PMRM versions 1 and 2, Derive's standard manager and shock grids compute their margins in columns of
markets; an account's requirement is their case of one market, with a working. Here the account is
netted once, and its markets are taken by portions, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.netted import Chosen, idle_coins
from seawall.margin.account.shifts import UNMOVED, Evaluate, NetMargin, Shifts
from seawall.margin.account.working import MarketMargins
from seawall.margin.many_markets.along_rows import equity_evaluator
from seawall.margin.portfolio import pmrm_v1, pmrm_v2, shock_margin, standard_manager
from seawall.margin.portfolio.many_options import MOST_VALUES, use_compiled
from seawall.margin.portfolio.markets import Markets
from seawall.margin.portfolio.pmrm_parts import Held, in_markets
from seawall.margin.portfolio.pmrm_v1 import PmrmV1
from seawall.margin.portfolio.pmrm_v2 import PmrmV2
from seawall.margin.portfolio.shock_margin import ShockMargin
from seawall.margin.portfolio.standard_rules import StandardManager

T = TypeVar("T")


def along_pmrm_v1(rules: Markets[PmrmV1], account: MarginAccount) -> Evaluate:
    """Derive's portfolio margin, version 1."""
    chosen = pmrm_v1.choose(rules, account)
    own = pmrm_v1.hold(chosen.rule, chosen.account)
    return _pmrm(chosen, own, len(chosen.rule.scenarios), pmrm_v1.margins)


def along_pmrm_v2(rules: Markets[PmrmV2], account: MarginAccount) -> Evaluate:
    """Derive's portfolio margin, version 2."""
    chosen = pmrm_v2.choose(rules, account)
    own = pmrm_v2.hold(chosen.rule, chosen.account)
    return _pmrm(chosen, own, len(chosen.rule.scenarios), pmrm_v2.margins)


def _pmrm(
    chosen: Chosen[T],
    own: Held,
    scenarios: int,
    margins: Callable[[T, Held, MarginAccount], MarketMargins],
) -> Evaluate:
    """An account in quote, with coins that the rule does not count, as `netted.in_quote` has it."""
    values = own.options.amount.size * (scenarios + 3)
    own = replace(own, compiled=use_compiled(values))
    rule, account = chosen.rule, chosen.account

    def evaluate(shifts: Shifts) -> NetMargin:
        return _in_quote(chosen, margins(rule, in_markets(own, account, shifts), account), shifts)

    return by_portions(evaluate, values)


def along_standard_manager(rule: StandardManager, account: MarginAccount) -> Evaluate:
    """Derive's standard manager."""
    chosen = standard_manager.choose(rule, account)
    held = standard_manager.hold(rule, chosen.account)
    values = account.options.amount.size
    held = replace(held, compiled=use_compiled(values))

    def evaluate(shifts: Shifts) -> NetMargin:
        return _in_quote(chosen, standard_manager.margins(rule, held, shifts), shifts)

    return by_portions(evaluate, values)


def along_shock_grid(rule: ShockMargin, account: MarginAccount) -> Evaluate:
    """Worst rows of shock grids; equity and coins as in the other frameworks of this form."""
    held = shock_margin.holdings(rule, account)
    values = sum(own.options.amount.size * (len(own.rule.rows) + 1) for own in held)
    compiled = use_compiled(values)
    held = tuple(replace(own, compiled=compiled) for own in held)
    equity = equity_evaluator(rule.collateral, account, compiled)

    still: dict[tuple[str, ...], MarketMargins] = {}

    def evaluate(shifts: Shifts) -> NetMargin:
        moved = [own for own in held if {own.name, account.settle} & set(shifts.assets)]
        rest = tuple(own for own in held if all(own is not one for one in moved))
        names = tuple(own.name for own in rest)
        if names not in still:  # underlyings that stay need the same in every market
            still[names] = shock_margin.margins(rest, account, UNMOVED)
        worth, due = equity(shifts), shock_margin.margins(tuple(moved), account, shifts)
        stays = still[names]
        return NetMargin(
            worth.equity,
            worth.maintenance + due.maintenance + stays.maintenance,
            worth.initial + due.initial + stays.initial,
        )

    return by_portions(evaluate, values)


def by_portions(evaluate: Evaluate, values: int) -> Evaluate:
    """The same function of `Shifts`, a portion of the markets at a time.

    values  options x scenarios that one market revalues
    """
    most = max(1, MOST_VALUES // max(1, values))
    unmoved: list[NetMargin] = []

    def portions(shifts: Shifts) -> NetMargin:
        if shifts.count == 1 and shifts.spot[0] == 1.0 and shifts.volatility[0] == 1.0:
            # Today's margin, asked again by every search: the same whichever assets do not move.
            if not unmoved:
                unmoved.append(evaluate(UNMOVED))
            return unmoved[0]
        if shifts.count <= most:
            return evaluate(shifts)
        found = [
            evaluate(
                Shifts(
                    shifts.assets,
                    shifts.spot[start : start + most],
                    shifts.volatility[start : start + most],
                )
            )
            for start in range(0, shifts.count, most)
        ]
        return NetMargin(
            np.concatenate([part.equity for part in found]),
            np.concatenate([part.maintenance for part in found]),
            np.concatenate([part.initial for part in found]),
        )

    return portions


def _in_quote(chosen: Chosen[T], found: MarketMargins, shifts: Shifts) -> NetMargin:
    """Amounts in the settlement asset as quote, as `netted.in_quote` has it in one market."""
    account = chosen.whole
    price = account.settle_price * shifts.spot_of((account.settle,))[:, 0]
    held = account.balances
    worth = held.quantity * held.price * shifts.spot_of(held.assets)
    idle = idle_coins(worth, chosen.counted)
    return NetMargin(
        found.equity * price + idle, found.maintenance * price + idle, found.initial * price + idle
    )
