"""Tiered margin of linear and inverse derivatives: notional x rate - deduction.

Marginal form. Within tier n the margin is notional x rate_n - deduction_n, and deduction_n =
deduction_{n-1} + bound_n x (rate_n - rate_{n-1}) makes it continuous. Because rates do not fall
with size, the tier that applies is the one with the largest value, so no lookup is needed:
margin = max_n(notional x rate_n - deduction_n).
Whole form. The rate of the tier that holds the notional counts on the whole position: the same
maximum without deductions, over the tiers whose bound is reached. It jumps at a bound.
Source: Hyperliquid margin tiers, Binance leverage brackets (marginal); OKX position tiers, BitMEX
risk limits (whole). Wrong for venues whose rates fall with size, which rulebooks refuse, and where
tiers are counted in contracts: with bounds in notional a position changes tier with the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.errors import InputError, MissingRule
from seawall.venues import Rulebook, Tier

N = TypeVar("N", float, Fraction)


@dataclass(frozen=True)
class TierLines:
    """Lines of which the margin is the largest: (x, t) rates and deductions, padded with zeros.

    in_coin (x,) True where deductions and the notional they belong to are in coin (inverse).
    start (x, t) notional from which a line counts, 0 in tables of the marginal form; None where
    all tables are of that form
    """

    maintenance_rate: Floats
    maintenance_deduction: Floats
    initial_rate: Floats
    initial_deduction: Floats
    in_coin: Bools
    start: Floats | None = None

    def starts(self, rows: Ints) -> Floats | None:
        """Where the lines of chosen tables begin to count (n, t); None: everywhere."""
        return None if self.start is None else self.start[rows]

    def jumps(self) -> Bools:
        """True (x,) where the margin jumps at a bound."""
        if self.start is None:
            return np.zeros(self.in_coin.size, dtype=bool)
        found: Bools = np.any(self.start > 0.0, axis=1)
        return found


def deductions(bounds: Floats, rates: Floats) -> Floats:
    """Deductions (t,) in quote that make notional x rate - deduction continuous at each bound."""
    steps = np.diff(rates, prepend=rates[:1]) * bounds
    return np.cumsum(steps)


def tier_lines(
    tables: Sequence[Sequence[Tier]],
    in_coin: Sequence[bool] | None = None,
    whole: Sequence[bool] | None = None,
) -> TierLines:
    """Compile tier tables, one per instrument, into padded lines (x, t).

    in_coin says of each table whether its bounds are in coin, whole whether its rates count on the
    whole position; without them none are and none do.

    Raises InputError when a maintenance rate or the initial rate falls with size.
    """
    width = max((len(tiers) for tiers in tables), default=1) or 1
    shape = (len(tables), width)
    coin = np.array(in_coin if in_coin is not None else [False] * len(tables), dtype=bool)
    rate, cut, first_rate, first_cut, start = (np.zeros(shape) for _ in range(5))
    stepped = list(whole) if whole is not None else [False] * len(tables)
    lines = TierLines(rate, cut, first_rate, first_cut, coin, start if any(stepped) else None)
    for x, tiers in enumerate(tables):
        if not tiers:
            continue
        bounds = np.array([tier.lower_bound for tier in tiers])
        if stepped[x]:
            start[x, : bounds.size] = bounds
        for rates, rate_out, deduction_out in (
            (
                np.array([tier.maintenance_rate for tier in tiers]),
                lines.maintenance_rate,
                lines.maintenance_deduction,
            ),
            (
                np.array([1.0 / tier.max_leverage for tier in tiers]),
                lines.initial_rate,
                lines.initial_deduction,
            ),
        ):
            if np.any(np.diff(rates) < 0) or np.any(np.diff(bounds) <= 0):
                raise InputError(
                    f"tiers {list(tiers)!r} have a rate that falls or bounds out of order",
                    expected="lower bounds that rise and margin rates that do not fall",
                )
            rate_out[x, : rates.size] = rates
            if not stepped[x]:
                deduction_out[x, : rates.size] = deductions(bounds, rates)
    return lines


def margin(
    notional: Floats, rate: Floats, deduction: Floats, start: Floats | None = None
) -> Floats:
    """Margin (n,) of notional (n,) >= 0 under lines rate, deduction (n, t); quote, >= 0.

    start (n, t) notional from which each line counts; None: all lines count everywhere.
    """
    result = notional * rate[:, 0] - deduction[:, 0]
    for t in range(1, rate.shape[1]):
        line = notional * rate[:, t] - deduction[:, t]
        if start is not None:
            line = np.where(notional >= start[:, t], line, 0.0)
        np.maximum(result, line, out=result)
    return result


def next_deduction(*, before: N, bound: N, rate_before: N, rate: N) -> N:
    """Deduction of a tier from that of the tier below: the margin does not jump at ``bound``."""
    return before + bound * (rate - rate_before)


def tier_of(bounds: Sequence[float], notional: float) -> int:
    """Index of the tier that holds ``notional``: a notional on a bound belongs to the upper tier.

    bounds (t,) lower bounds that rise from 0; beyond the last bound the last tier goes on. In the
    marginal form the margin is the same from either tier of a bound.
    """
    return sum(notional >= bound for bound in bounds[1:])


def schedule(tiers: Sequence[Tier]) -> tuple[Floats, Floats]:
    """Maintenance rates and deductions (t,) of one tier table of the marginal form."""
    lines = tier_lines([tiers])
    return lines.maintenance_rate[0], lines.maintenance_deduction[0]


def maintenance_of(tiers: Sequence[Tier], notional: Floats) -> Floats:
    """Maintenance margin (n,) of notionals (n,) >= 0 under one table, marginal form, quote."""
    rates, cuts = schedule(tiers)
    shape = (notional.size, rates.size)
    return margin(notional, np.broadcast_to(rates, shape), np.broadcast_to(cuts, shape))


def inverse_margin(
    size: Floats,
    price: Floats,
    rate: Floats,
    deduction: Floats,
    slope: Floats,
    in_coin: Bools,
    start: Floats | None = None,
) -> Floats:
    """Margin (n,) of inverse contracts in coin: they are worth size / price coins.

    size (n,) >= 0 quote contracts, price (n,) > 0, rate and deduction (n, t). in_coin (n,): the
    tiers are bounded in coin (Binance coin-M); else in quote, and the margin in quote is divided
    by the price. slope (n,) adds slope x coins to the rate (Deribit). start as in :func:`margin`.
    """
    due = (margin(size, rate, deduction, start) + slope * (size / price) * size) / price
    if in_coin.any():
        coins = size / price
        due = np.where(in_coin, margin(coins, rate, deduction, start) + slope * coins * coins, due)
    return due


def tiers_in_coin(rulebook: Rulebook, underlying: str, name: str) -> bool:
    """True where inverse contracts on ``underlying`` have tiers in coin, False where in quote.

    Raises MissingRule where the venue's are in coin (``inverse_tiers = "coin"`` under [margin]) and
    the rulebook has none: its tiers in quote are for other contracts.
    """
    if underlying in rulebook.coin_tiers:
        return True
    if rulebook.margin.get("inverse_tiers") != "coin":
        return False
    raise MissingRule(
        f"rulebook {rulebook.name!r} has no tiers in coin for {underlying!r} (inverse instrument "
        f"{name!r}): add [[coin_tiers.{underlying}]] with lower_bound in {underlying}, "
        "max_leverage and maintenance_rate."
    )
