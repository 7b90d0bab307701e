"""Contingencies and collateral of version 2 of Derive's portfolio margin.

Shares of notional for what the scenarios leave out, haircuts on coins, and the cost of unsure
oracles. A coin's confidence is the lower of its own and spot's: the perpetual's does not count.
Source: Derive v2-core, PMRMLib_2.sol and PMRM_2.sol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import Line, Told
from seawall.margin.portfolio.pmrm_lines import confidence_line, expiry_lines
from seawall.margin.portfolio.pmrm_parts import CONFIDENCE, FACTOR, SHARE, Held, confidence_charge


@dataclass(frozen=True)
class Contingency:
    """Shares of notional charged beside the scenarios, and what unsure prices cost.

    peg_threshold, peg_factor          stable price below which the initial factor grows, and by
    confidence_threshold, _margin      oracle confidence that costs, and its share of notional
    perp_, option_maintenance          of |perpetuals| and of naked short options, at spot
    perp_, option_initial              on top of those for initial margin
    """

    peg_threshold: float = number(FACTOR)
    peg_factor: float = number(FACTOR)
    confidence_threshold: float = number(CONFIDENCE)
    confidence_margin: float = number(FACTOR)
    perp_maintenance: float = number(SHARE)
    perp_initial: float = number(SHARE)
    option_maintenance: float = number(SHARE)
    option_initial: float = number(SHARE)


@dataclass(frozen=True)
class CoinHaircut:
    """A coin as collateral: haircuts, and whether it moves with the underlying.

    maintenance      share of its value charged for maintenance, initial: on top of that
    cancels_risk     True: its value takes part in the spot shock of every scenario
    """

    maintenance: float = number(FRACTION)
    initial: float = number(FRACTION)
    cancels_risk: bool = False


@dataclass(frozen=True)
class Charges:
    """What is charged beside the scenarios (m,), 0 or above: maintenance, and initial on top.

    told  the two derivations, in the first market
    """

    maintenance: Floats
    initial: Floats
    told: Callable[[], tuple[Line, ...]]


def collateral_values(
    haircuts: Mapping[str, CoinHaircut], own: Held, account: MarginAccount
) -> Floats:
    """Worth of each balance (m, b), settlement asset: quantity x price / stable price.

    A coin for which the rule has no haircut is no collateral and counts as nothing.
    """
    balances = account.balances
    known = np.array([asset in haircuts for asset in balances.assets], dtype=bool)
    worth = balances.quantity * own.coins / own.settle[:, None]
    values: Floats = np.where(known, worth, 0.0)
    return values


def contingencies(
    rule: Contingency,
    haircuts: Mapping[str, CoinHaircut],
    own: Held,
    coins: Floats,
    account: MarginAccount,
) -> Charges:
    """Contingencies of both margins; coins (m, b) are the worth of the balances.

    maintenance = |perpetuals| S perp_maintenance + naked shorts S option_maintenance + sum of
    worth x haircut; initial the same with its own shares, plus (1 - c) confidence_margin x notional
    of perpetuals, of each expiry (sum of |amount| x S) and of each coin whose confidence is low.
    """
    held = [haircuts.get(asset) for asset in account.balances.assets]
    maintenance = _charge(
        own,
        (rule.perp_maintenance, rule.option_maintenance),
        coins * np.array([h.maintenance if h else 0.0 for h in held]),
    )
    initial = _charge(
        own,
        (rule.perp_initial, rule.option_initial),
        coins * np.array([h.initial if h else 0.0 for h in held]),
    )
    unsure, unsure_told = _confidence(rule, own, coins, account)
    on_top = initial.total + unsure

    def told() -> tuple[Line, ...]:
        below = _lines(own, maintenance, account, coins)
        above = (*_lines(own, initial, account, coins), unsure_told())
        return (
            Line("maintenance contingency", float(maintenance.total[0]), "", "", below),
            Line("initial contingency", float(on_top[0]), "", "", above),
        )

    return Charges(maintenance.total, on_top, told)


@dataclass(frozen=True)
class _Charge:
    """One margin's shares of perpetuals (m,), naked shorts (m, e), coins (m, b); their sum."""

    shares: tuple[float, float]
    perps: Floats
    options: Floats
    haircut: Floats
    total: Floats


def _charge(own: Held, shares: tuple[float, float], haircut: Floats) -> _Charge:
    perps = own.perp_size * own.spot * shares[0]
    options = own.naked * own.spot[:, None] * shares[1]
    total = perps + np.sum(options, axis=1) + np.sum(haircut, axis=1)
    return _Charge(shares, perps, options, haircut, total)


def _lines(own: Held, made: _Charge, account: MarginAccount, coins: Floats) -> tuple[Line, ...]:
    """What one margin's charges are made of, in the first market."""
    perp_share, option_share = made.shares
    notional = float(own.perp_size[0] * own.spot[0])
    shorts = f"naked shorts x spot x {option_share:g}"
    each = zip(account.balances.assets, coins[0].tolist(), made.haircut[0].tolist(), strict=True)
    haircuts = tuple(Line(asset, cut, "", f"of {worth:.12g}") for asset, worth, cut in each)
    return (
        Line("perpetuals", float(made.perps[0]), "", f"{notional:.12g} x {perp_share:g}"),
        expiry_lines("short options", own, made.options[0], "", shorts),
        Line("collateral", float(np.sum(made.haircut[0])), "", "haircuts", haircuts),
    )


def _confidence(
    rule: Contingency, own: Held, coins: Floats, account: MarginAccount
) -> tuple[Floats, Told]:
    """What unsure oracles cost (m,); a coin's confidence is the lower of its own and spot's."""
    threshold, margin = rule.confidence_threshold, rule.confidence_margin
    perps = confidence_charge(own.confidence, own.perp_size * own.spot, threshold, margin)
    notional = own.gross * own.spot[:, None]
    each = confidence_charge(own.expiry_confidence, notional, threshold, margin)
    sure = np.minimum(account.balances.confidence, own.spot_confidence)
    collateral = confidence_charge(sure, coins, threshold, margin)
    total = perps + np.sum(collateral, axis=1) + np.sum(each, axis=1)

    def told() -> Line:
        by_coin = zip(account.balances.assets, collateral[0].tolist(), strict=True)
        others = {"perpetuals": float(perps[0]), **dict(by_coin)}
        return confidence_line(own, threshold, margin, others, each[0])

    return total, told
