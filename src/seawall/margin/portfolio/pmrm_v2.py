"""Derive's portfolio margin, version 2: regular, dampened tail and skew shocks, discounted.

Idea: as version 1, with tail scenarios that count in part (dampening), two shocks of the smile
instead of its level, discounting by the rate, and haircuts on collateral instead of a share of the
underlying.

    L = min(basis contingency, every scenario's profit)          (0 or below)
    net maintenance = L maintenance_factor - C_maintenance + mark-to-market + cash
    net initial = L (initial_factor + peg_factor max(0, peg - stable)) - C_initial - C_maintenance
                  + mark-to-market + cash

C are contingencies: shares of perpetuals, naked short options and collateral, and for initial
margin the cost of unsure oracles. Source: Derive v2-core, PMRMLib_2.sol and PMRM_2.sol. Wrong when
losses come between the scenarios, and it lets nothing offset between underlyings. Wrong for inverse
options, which the venue does not list: valued as linear ones, V and not V x spot / forward. Callers
that the venue trusts are tested on maintenance over three scenarios only; that shortcut is not
modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.record import number, whole
from seawall.foundation.section import Section
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.netted import (
    Chosen,
    in_quote,
    no_debt,
    only_underlying,
    with_cash_as_coin,
)
from seawall.margin.account.working import AccountMargin, Line, MarketMargins, Told
from seawall.margin.portfolio.markets import Markets, read_markets
from seawall.margin.portfolio.pmrm_lines import basis_contingency, expiry_lines, scenario_lines
from seawall.margin.portfolio.pmrm_parts import (
    FACTOR,
    LOSS_FACTOR,
    MULTIPLE,
    WINDOW,
    Held,
    Valued,
    VolatilityShock,
    held,
)
from seawall.margin.portfolio.pmrm_v2_contingencies import (
    CoinHaircut,
    Contingency,
    collateral_values,
    contingencies,
)
from seawall.margin.portfolio.pmrm_v2_shocks import (
    SKEWED,
    Scenario,
    SkewShock,
    StaticDiscount,
    option_changes,
    option_values,
)
from seawall.venues import Rulebook

NAME = "PMRM v2"


@dataclass(frozen=True)
class Basis:
    """Basis contingency: forward multiples up and down, and factor add + per_year x years."""

    up: float = number(MULTIPLE)
    down: float = number(MULTIPLE)
    add: float = number(FACTOR)
    per_year: float = number(FACTOR)


@dataclass(frozen=True)
class PmrmV2:
    """Parameters of version 2.

    scenarios                            in the venue's order
    regular_scenarios                    how many come first as regular ones: only told
    maintenance_factor, initial_factor   what the worst loss is multiplied by
    collateral                           {coin: haircut}; other coins do not count
    settlement_seconds                   length of the settlement average (see `held`)
    """

    scenarios: tuple[Scenario, ...]
    volatility: VolatilityShock
    skew: SkewShock
    discount: StaticDiscount
    basis: Basis
    contingency: Contingency
    maintenance_factor: float = number(LOSS_FACTOR)
    initial_factor: float = number(LOSS_FACTOR)
    collateral: Mapping[str, CoinHaircut] = field(default_factory=dict)
    regular_scenarios: int = whole(0, 1000, 23)
    settlement_seconds: float = number(WINDOW, 1800.0)

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise InputError(f"{NAME} has no scenarios", expected="at least one")


def read(rulebook: Rulebook, table: Section) -> Markets[PmrmV2]:
    """Parameters of each market; raises InputError for what is missing, unknown or too large."""
    return read_markets(rulebook.name, table, PmrmV2)


def assess(rules: Markets[PmrmV2], account: MarginAccount) -> AccountMargin:
    """Requirement of one underlying's account in quote; see `pmrm_v2`."""
    chosen = choose(rules, account)
    found = in_quote(pmrm_v2(chosen.rule, chosen.account), chosen.whole, chosen.counted)
    return rules.told(found, chosen.whole, only_underlying(chosen.whole, NAME))


def choose(rules: Markets[PmrmV2], account: MarginAccount) -> Chosen[PmrmV2]:
    """The rule of the account's underlying, and which of its coins it counts."""
    account = with_cash_as_coin(account)
    rule = rules.for_account(account, only_underlying(account, NAME))
    counted = np.array([asset in rule.collateral for asset in account.balances.assets], dtype=bool)
    return Chosen(rule, account, account, counted)


def pmrm_v2(rule: PmrmV2, account: MarginAccount) -> AccountMargin:
    """Requirement of one underlying's account in the settlement asset, and every scenario.

    Net initial and maintenance of the answer are the venue's own numbers; equity is its mark-to-
    market with cash. Raises InputError for several underlyings or a coin that is owed.
    """
    account = with_cash_as_coin(account)
    return margins(rule, hold(rule, account), account).first()


def hold(rule: PmrmV2, account: MarginAccount) -> Held:
    """The netted account; its cash is a coin already where it should be (`with_cash_as_coin`)."""
    no_debt(account, NAME)
    own = held(account, NAME, rule.settlement_seconds)
    return replace(own, discount=np.exp(-own.rate * own.years))


def margins(rule: PmrmV2, own: Held, account: MarginAccount) -> MarketMargins:
    """Both margins in each market of ``own``, settlement asset."""
    basis = (rule.basis.up, rule.basis.down)
    values = option_values(rule.scenarios, rule.volatility, rule.skew, basis, own)
    coins = collateral_values(rule.collateral, own, account)
    equity, equity_told = _equity(own, account, values.mark, coins)
    worst, worst_told = _worst(rule, own, values, coins, account)
    charges = contingencies(rule.contingency, rule.collateral, own, coins, account)
    below = np.maximum(0.0, rule.contingency.peg_threshold - own.settle)
    factor = rule.initial_factor + rule.contingency.peg_factor * below
    maintenance = charges.maintenance - worst * rule.maintenance_factor
    initial = charges.initial + charges.maintenance - worst * factor

    def told() -> Line:
        unit, peg = account.settle, f"{rule.contingency.peg_factor:g} more for each 1 below the peg"
        parts = (
            equity_told(),
            worst_told(),
            *charges.told(),
            Line("maintenance factor", rule.maintenance_factor),
            Line("initial factor", float(factor[0]), "", peg),
            Line("net initial", float(equity[0] - initial[0]), unit),
            Line("net maintenance", float(equity[0] - maintenance[0]), unit),
        )
        rule_told = (
            "requirement = contingencies - worst x factor; initial bears the maintenance ones too"
        )
        return Line(NAME, None, unit, rule_told, parts)

    return MarketMargins(equity, initial, maintenance, told)


def _worst(
    rule: PmrmV2, own: Held, values: Valued, coins: Floats, account: MarginAccount
) -> tuple[Floats, Told]:
    """The worst of the basis contingency and all scenarios (m,), 0 or below."""
    shocks = np.array([s.spot_shock for s in rule.scenarios])
    dampening = np.array([s.dampening for s in rule.scenarios])
    changes = option_changes(rule.scenarios, rule.discount, own, values)
    moves = (shocks - 1.0) * dampening
    perps = own.perp_exposure[:, None] * moves
    cancels = np.array([_cancels(rule, asset) for asset in account.balances.assets], dtype=bool)
    collateral = np.sum(coins[:, cancels], axis=1)[:, None] * moves
    profit = np.sum(changes, axis=2) + perps + collateral
    b = rule.basis
    basis, basis_told = basis_contingency(
        own, values.mark, values.basis, (b.up, b.down), b.add, b.per_year
    )
    worst = np.minimum(basis, np.min(profit, axis=1))

    def told() -> Line:
        words = [s.volatility for s in rule.scenarios]
        others = {"perpetuals": perps[0], "collateral": collateral[0]}
        unit = account.settle
        scenarios = scenario_lines(own, unit, profit[0], changes[0], words, shocks, others)
        rule_told = "the worst of basis contingency and all scenarios"
        parts = (basis_told(), scenarios, *_summary(rule, profit[0]))
        return Line("worst", float(worst[0]), unit, rule_told, parts)

    return worst, told


def _summary(rule: PmrmV2, profit: Floats) -> list[Line]:
    """Worst of the regular, the tail and the skew scenarios, as the venue tells them."""
    skew = np.array([s.volatility in SKEWED for s in rule.scenarios])
    first = np.arange(profit.size) < rule.regular_scenarios
    groups = {"regular": first, "tail": ~first & ~skew, "skew": skew}
    return [
        Line(f"worst {name} scenario", float(np.min(profit[mine])))
        for name, mine in groups.items()
        if mine.any()
    ]


def _cancels(rule: PmrmV2, asset: str) -> bool:
    return asset in rule.collateral and rule.collateral[asset].cancels_risk


def _equity(own: Held, account: MarginAccount, mark: Floats, coins: Floats) -> tuple[Floats, Told]:
    """Cash plus what everything is worth today (m,), settlement asset."""
    held_coins = np.sum(coins, axis=1)
    total = account.cash + np.sum(mark, axis=1) + own.perp_profit + held_coins

    def told() -> Line:
        unit = account.settle
        each = zip(account.balances.assets, coins[0].tolist(), strict=True)
        parts = (
            Line("cash", account.cash, unit),
            expiry_lines("options", own, mark[0], unit, "Black-76 today, discounted", own.discount),
            Line("perpetuals", float(own.perp_profit[0]), unit, "unrealised and accrued"),
            Line(
                "collateral",
                float(held_coins[0]),
                unit,
                "quantity x price / stable price; coins without a haircut in the rule count as "
                "nothing",
                tuple(Line(asset, value, unit) for asset, value in each),
            ),
        )
        return Line("equity", float(total[0]), unit, "mark-to-market + cash", parts)

    return total, told
