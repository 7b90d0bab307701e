"""Contingencies and collateral of version 2 of Derive's portfolio margin.

Shares of notional for what the scenarios leave out, haircuts on coins, and the cost of unsure
oracles. A coin's confidence is the lower of its own and spot's: the perpetual's does not count.
Source: Derive v2-core, PMRMLib_2.sol and PMRM_2.sol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number
from seawall.margin.account import MarginAccount
from seawall.margin.pmrm_lines import confidence_line, expiry_lines
from seawall.margin.pmrm_parts import CONFIDENCE, FACTOR, SHARE, Held, confidence_charge
from seawall.margin.working import Line


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
    """What is charged beside the scenarios, 0 or above: for maintenance, and on top for initial."""

    maintenance: float
    initial: float
    lines: tuple[Line, ...]


def collateral_values(haircuts: Mapping[str, CoinHaircut], account: MarginAccount) -> Floats:
    """Worth of each balance (b,), settlement asset: quantity x price / stable price.

    A coin for which the rule has no haircut is no collateral and counts as nothing.
    """
    balances = account.balances
    known = np.array([asset in haircuts for asset in balances.assets], dtype=bool)
    worth = balances.quantity * balances.price / account.settle_price
    values: Floats = np.where(known, worth, 0.0)
    return values


def contingencies(
    rule: Contingency,
    haircuts: Mapping[str, CoinHaircut],
    own: Held,
    coins: Floats,
    account: MarginAccount,
) -> Charges:
    """Contingencies of both margins; coins (b,) are the worth of the balances.

    maintenance = |perpetuals| S perp_maintenance + naked shorts S option_maintenance + sum of
    worth x haircut; initial the same with its own shares, plus (1 - c) confidence_margin x notional
    of perpetuals, of each expiry (sum of |amount| x S) and of each coin whose confidence is low.
    """
    perps, shorts = own.perp_size * own.spot, own.naked * own.spot
    held = [haircuts.get(asset) for asset in account.balances.assets]
    maintenance = coins * np.array([h.maintenance if h else 0.0 for h in held])
    initial = coins * np.array([h.initial if h else 0.0 for h in held])
    unsure, unsure_line = _confidence(rule, own, coins, account)
    amounts = {
        "maintenance": (rule.perp_maintenance, rule.option_maintenance, maintenance),
        "initial": (rule.perp_initial, rule.option_initial, initial),
    }
    totals, lines = {}, []
    for margin, (perp_share, option_share, haircut) in amounts.items():
        options = shorts * option_share
        totals[margin] = perps * perp_share + float(np.sum(options)) + float(np.sum(haircut))
        parts = [
            Line("perpetuals", perps * perp_share, "", f"{perps:.12g} x {perp_share:g}"),
            expiry_lines(
                "short options", own, options, "", f"naked shorts x spot x {option_share:g}"
            ),
            _haircuts(account, coins, haircut),
        ]
        if margin == "initial":
            totals[margin] += unsure
            parts.append(unsure_line)
        lines.append(Line(f"{margin} contingency", totals[margin], "", "", tuple(parts)))
    return Charges(totals["maintenance"], totals["initial"], tuple(lines))


def _haircuts(account: MarginAccount, coins: Floats, haircut: Floats) -> Line:
    told = zip(account.balances.assets, coins.tolist(), haircut.tolist(), strict=True)
    parts = tuple(Line(asset, cut, "", f"of {worth:.12g}") for asset, worth, cut in told)
    return Line("collateral", float(np.sum(haircut)), "", "haircuts", parts)


def _confidence(
    rule: Contingency, own: Held, coins: Floats, account: MarginAccount
) -> tuple[float, Line]:
    """What unsure oracles cost; a coin's confidence is the lower of its own and spot's."""
    threshold, margin = rule.confidence_threshold, rule.confidence_margin
    perps = float(confidence_charge(own.confidence, own.perp_size * own.spot, threshold, margin))
    each = confidence_charge(own.expiry_confidence, own.gross * own.spot, threshold, margin)
    sure = np.minimum(account.balances.confidence, own.spot_confidence)
    collateral = confidence_charge(sure, coins, threshold, margin)
    by_coin = zip(account.balances.assets, collateral.tolist(), strict=True)
    others = {"perpetuals": perps, **dict(by_coin)}
    total = perps + float(np.sum(collateral)) + float(np.sum(each))
    return total, confidence_line(own, threshold, margin, others, each)
