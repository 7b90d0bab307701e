"""Tiered margin of linear and inverse derivatives: notional x rate - deduction.

Within tier n the margin is notional x rate_n - deduction_n, and deduction_n = deduction_{n-1} +
bound_n x (rate_n - rate_{n-1}) makes it continuous. Because rates do not fall with size, the tier
that applies is the one with the largest value, so no lookup is needed:
margin = max_n(notional x rate_n - deduction_n).
Source: Hyperliquid margin tiers, Binance leverage brackets. Wrong for venues whose
rates fall with size, or whose tiers jump; rulebooks refuse the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.venues import Tier


@dataclass(frozen=True)
class TierLines:
    """Lines of which the margin is the largest: (x, t) rates and deductions, padded with zeros."""

    maintenance_rate: Floats
    maintenance_deduction: Floats
    initial_rate: Floats
    initial_deduction: Floats


def deductions(bounds: Floats, rates: Floats) -> Floats:
    """Deductions (t,) in quote that make notional x rate - deduction continuous at each bound."""
    steps = np.diff(rates, prepend=rates[:1]) * bounds
    return np.cumsum(steps)


def tier_lines(tables: Sequence[Sequence[Tier]]) -> TierLines:
    """Compile tier tables, one per instrument, into padded lines (x, t).

    Raises InputError when a maintenance rate or the initial rate falls with size.
    """
    width = max((len(tiers) for tiers in tables), default=1) or 1
    shape = (len(tables), width)
    lines = TierLines(*(np.zeros(shape) for _ in range(4)))
    for x, tiers in enumerate(tables):
        if not tiers:
            continue
        bounds = np.array([tier.lower_bound for tier in tiers])
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
            deduction_out[x, : rates.size] = deductions(bounds, rates)
    return lines


def margin(notional: Floats, rate: Floats, deduction: Floats) -> Floats:
    """Margin (n,) of notional (n,) >= 0 under lines rate, deduction (n, t); quote, >= 0."""
    result = notional * rate[:, 0] - deduction[:, 0]
    for t in range(1, rate.shape[1]):
        np.maximum(result, notional * rate[:, t] - deduction[:, t], out=result)
    return result
