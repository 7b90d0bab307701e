"""Derive's portfolio margin, version 1: the worst of 21 spot and volatility shocks.

Idea: revalue one underlying's options, perpetual and coin under each shock, take the worst change,
and add fixed contingencies for what the shocks leave out (basis, gaps, short strikes, oracles).

    L = min(basis contingency, every scenario's profit)          (0 or below)
    net maintenance = L - static + mark-to-market + cash
    net initial = (L - static) (initial_factor + peg_factor max(0, peg - stable)) - confidence
                  + mark-to-market + cash

A scenario's profit is the sum over expiries of (z - today's value), plus coin S (shock - 1) /
stable, plus size x mark x (shock - 1) of perpetuals. z is the shocked value of the expiry, and a
z above 0 is cut by static_discount exp(-T (rate_multiple r + rate_add)). Options are undiscounted
Black-76, in the mark-to-market too, as the venue has it. Source: Derive v2-core, PMRMLib.sol and
PMRM.sol. Wrong when an expiry's volatilities do not move together, and it lets nothing offset
between underlyings. Wrong for inverse options, which the venue does not list: they are valued as
linear ones, V and not V x spot / forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.record import number, word
from seawall.foundation.section import Section
from seawall.margin.account.margin_account import Balances, MarginAccount
from seawall.margin.account.netted import (
    Chosen,
    in_quote,
    no_debt,
    only_underlying,
    with_cash_as_coin,
)
from seawall.margin.account.working import AccountMargin, Line, MarketMargins, Told
from seawall.margin.portfolio.markets import Markets, read_markets
from seawall.margin.portfolio.pmrm_lines import (
    basis_contingency,
    confidence_line,
    expiry_lines,
    scenario_lines,
)
from seawall.margin.portfolio.pmrm_parts import (
    CONFIDENCE,
    FACTOR,
    LOSS_FACTOR,
    MULTIPLE,
    SHARE,
    WINDOW,
    Held,
    Valued,
    VolatilityShock,
    confidence_charge,
    held,
    valued,
    volatility_multiples,
)
from seawall.venues import Rulebook

NAME = "PMRM v1"


@dataclass(frozen=True)
class SpotVolatilityShock:
    """One scenario: a multiple of spot, and implied volatility up, the same or down."""

    spot_shock: float = number(MULTIPLE)
    volatility: str = word(("up", "same", "down"))


@dataclass(frozen=True)
class PmrmV1:
    """Parameters of version 1.

    scenarios                             spot_shock 1.15 is up 15%
    basis_up, basis_down                  forward multiples of the basis contingency
    basis_add, basis_per_year             its factor: add + per_year x years
    peg_threshold, peg_factor             stable price below which the initial factor grows; by
    confidence_threshold, _margin         oracle confidence that costs, and its share of notional
    base_, perp_, option_contingency      shares of spot per coin, perpetual, naked short
    initial_factor                        initial over maintenance loss
    static_discount, rate_multiple, _add  of positive shocked expiry values
    volatility                            see VolatilityShock
    settlement_seconds                    length of the settlement average; 0: forwards move whole
    """

    scenarios: tuple[SpotVolatilityShock, ...]
    volatility: VolatilityShock
    basis_up: float = number(MULTIPLE)
    basis_down: float = number(MULTIPLE)
    basis_add: float = number(FACTOR)
    basis_per_year: float = number(FACTOR)
    peg_threshold: float = number(FACTOR)
    peg_factor: float = number(FACTOR)
    confidence_threshold: float = number(CONFIDENCE)
    confidence_margin: float = number(FACTOR)
    base_contingency: float = number(SHARE)
    perp_contingency: float = number(SHARE)
    option_contingency: float = number(SHARE)
    initial_factor: float = number(LOSS_FACTOR)
    static_discount: float = number(FACTOR)
    rate_multiple: float = number(FACTOR)
    rate_add: float = number(FACTOR)
    settlement_seconds: float = number(WINDOW, 0.0)

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise InputError(f"{NAME} has no scenarios", expected="at least one")


def read(rulebook: Rulebook, table: Section) -> Markets[PmrmV1]:
    """Parameters of each market; raises InputError for what is missing, unknown or too large."""
    return read_markets(rulebook.name, table, PmrmV1)


def assess(rules: Markets[PmrmV1], account: MarginAccount) -> AccountMargin:
    """Requirement of one underlying's account in quote; see `pmrm_v1`."""
    chosen = choose(rules, account)
    found = in_quote(pmrm_v1(chosen.rule, chosen.account), chosen.whole, chosen.counted)
    return rules.told(found, chosen.whole, only_underlying(chosen.whole, NAME))


def choose(rules: Markets[PmrmV1], account: MarginAccount) -> Chosen[PmrmV1]:
    """The rule of the account's underlying, and what of the account it counts."""
    account = with_cash_as_coin(account)
    underlying = only_underlying(account, NAME)
    rule = rules.for_account(account, underlying)
    # The only collateral is the market's own coin: without a market for it nothing counts.
    coin = underlying if rules.lists(underlying) else None
    counted = np.array([asset == coin for asset in account.balances.assets], dtype=bool)
    bare = account if coin else replace(account, balances=Balances())
    return Chosen(rule, bare, account, counted)


def pmrm_v1(rule: PmrmV1, account: MarginAccount) -> AccountMargin:
    """Requirement of one underlying's account in the settlement asset, and every scenario.

    Net initial and maintenance of the answer are the venue's own numbers. Coins other than the
    underlying do not count here. Raises InputError for several underlyings or a coin that is owed.
    """
    account = with_cash_as_coin(account)
    return margins(rule, hold(rule, account), account).first()


def hold(rule: PmrmV1, account: MarginAccount) -> Held:
    """The netted account; its cash is a coin already where it should be (`with_cash_as_coin`)."""
    no_debt(account, NAME)
    return held(account, NAME, rule.settlement_seconds)


def margins(rule: PmrmV1, own: Held, account: MarginAccount) -> MarketMargins:
    """Both margins in each market of ``own``, settlement asset."""
    coins = _coins(own, account)
    values = _values(rule, own)
    mark = values.mark
    worst, worst_told = _worst(rule, own, account, coins, values)
    static, static_told = _static(rule, own, coins)
    confidence, unsure_told = _confidence(rule, own, coins)
    equity, equity_told = _equity(own, account, coins, mark)
    below = np.maximum(0.0, rule.peg_threshold - own.settle)
    factor = rule.initial_factor + rule.peg_factor * below
    maintenance = static - worst
    initial = maintenance * factor + confidence

    def told() -> Line:
        unit, peg = account.settle, f"{rule.peg_factor:g} more for each 1 below the peg"
        parts = (
            equity_told(),
            worst_told(),
            static_told(),
            unsure_told(),
            Line("initial factor", float(factor[0]), "", peg),
            Line("net initial", float(equity[0] - initial[0]), unit),
            Line("net maintenance", float(equity[0] - maintenance[0]), unit),
        )
        rule_told = "maintenance = static - worst; initial = that x factor + confidence"
        return Line(NAME, None, unit, rule_told, parts)

    return MarketMargins(equity, initial, maintenance, told)


def _worst(
    rule: PmrmV1, own: Held, account: MarginAccount, coins: float, values: Valued
) -> tuple[Floats, Told]:
    """The worst of the basis contingency and all scenarios (m,), 0 or below."""
    shocks = np.array([s.spot_shock for s in rule.scenarios])
    changes = _option_changes(rule, own, values)
    coin_profit = (coins * own.spot / own.settle)[:, None] * (shocks - 1.0)
    perp_profit = own.perp_exposure[:, None] * (shocks - 1.0)
    profit = np.sum(changes, axis=2) + coin_profit + perp_profit
    basis, basis_told = basis_contingency(
        own,
        values.mark,
        values.basis,
        (rule.basis_up, rule.basis_down),
        rule.basis_add,
        rule.basis_per_year,
    )
    worst = np.minimum(basis, np.min(profit, axis=1))

    def told() -> Line:
        scenarios = scenario_lines(
            own,
            account.settle,
            profit[0],
            changes[0],
            [s.volatility for s in rule.scenarios],
            shocks,
            {"coins": coin_profit[0], "perpetuals": perp_profit[0]},
        )
        rule_told = "the worst of basis contingency and all scenarios"
        parts = (basis_told(), scenarios)
        return Line("worst", float(worst[0]), account.settle, rule_told, parts)

    return worst, told


def _equity(own: Held, account: MarginAccount, coins: float, mark: Floats) -> tuple[Floats, Told]:
    """Cash plus what everything is worth today (m,), settlement asset."""
    value = coins * own.spot / own.settle
    total = account.cash + np.sum(mark, axis=1) + value + own.perp_profit

    def told() -> Line:
        unit = account.settle
        worth = f"{coins:g} x {own.spot[0]:g} / {own.settle[0]:g}"
        parts = (
            Line("cash", account.cash, unit),
            expiry_lines("options", own, mark[0], unit, "Black-76 today"),
            Line("coins", float(value[0]), unit, worth),
            Line("perpetuals", float(own.perp_profit[0]), unit, "unrealised and accrued"),
        )
        rule_told = "cash + options + coins + perpetuals"
        return Line("equity", float(total[0]), unit, rule_told, parts)

    return total, told


def _coins(own: Held, account: MarginAccount) -> float:
    """Coins of the underlying that are held."""
    units = zip(account.balances.assets, account.balances.quantity.tolist(), strict=True)
    return float(sum(quantity for asset, quantity in units if asset == own.underlying))


def _values(rule: PmrmV1, own: Held) -> Valued:
    """Worth of each expiry today, at moved forwards and in each scenario."""
    up, down = (
        m[own.group.of][:, None] for m in volatility_multiples(rule.volatility, own.seconds)
    )
    today = own.volatilities
    shifted = {"up": today * up, "same": today, "down": today * down}
    level = np.array([list(shifted).index(s.volatility) for s in rule.scenarios])
    shocks = np.array([s.spot_shock for s in rule.scenarios])
    basis = (rule.basis_up, rule.basis_down)
    return valued(own, basis, shocks, list(shifted.values()), level, list(shifted).index("same"))


def _option_changes(rule: PmrmV1, own: Held, values: Valued) -> Floats:
    """Change of each expiry's value in each scenario (m, s, e), the static discount applied."""
    shocked = values.shocked
    cut = rule.static_discount * np.exp(
        -own.years * (rule.rate_multiple * own.rate + rule.rate_add)
    )
    changes: Floats = np.where(shocked > 0.0, shocked * cut, shocked) - values.mark[:, None, :]
    return changes


def _static(rule: PmrmV1, own: Held, coins: float) -> tuple[Floats, Told]:
    """(perpetuals x share + coins x share + naked shorts x share) x spot (m,), 0 or above."""
    perp = own.perp_size * rule.perp_contingency * own.spot
    base = coins * rule.base_contingency * own.spot
    naked = own.naked * rule.option_contingency * own.spot[:, None]
    total = perp + base + np.sum(naked, axis=1)

    def told() -> Line:
        shorts = f"shorts without a long at their strike x {rule.option_contingency:g} x spot"
        perps = f"{own.perp_size[0]:g} x {rule.perp_contingency:g} x spot"
        parts = (
            Line("perpetuals", float(perp[0]), "", perps),
            Line("coins", float(base[0]), "", f"{coins:g} x {rule.base_contingency:g} x spot"),
            expiry_lines("short options", own, naked[0], "", shorts, own.naked),
        )
        at = f"at spot {own.spot[0]:g}"
        return Line("static contingency", float(total[0]), "", at, parts)

    return total, told


def _confidence(rule: PmrmV1, own: Held, coins: float) -> tuple[Floats, Told]:
    """Cost of unsure oracles (m,), initial margin only, 0 or above."""
    threshold, margin = rule.confidence_threshold, rule.confidence_margin
    delta_one = (own.perp_size + coins) * own.spot
    first = confidence_charge(own.confidence, delta_one, threshold, margin)
    notional = own.gross * own.spot[:, None]
    each = confidence_charge(own.expiry_confidence, notional, threshold, margin)
    total = first + np.sum(each, axis=1)

    def told() -> Line:
        others = {"perpetuals and coins": float(first[0])}
        return confidence_line(own, threshold, margin, others, each[0])

    return total, told
