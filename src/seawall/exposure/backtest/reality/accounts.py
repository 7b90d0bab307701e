"""Synthetic accounts: one isolated position, 2 to 50 times leveraged, and where it is liquidated.

An account opens at a bar's close P with equity of notional / leverage and is liquidated when its
equity is below maintenance rate x notional at the price of the moment:

    long   P' / P = (1 - 1/L) / (1 - m)        short   P' / P = (1 + 1/L) / (1 + m)

L leverage, m the rate of the first bracket of that coin on the venue whose table is used: an
account small enough never to leave it. A leverage that the bracket does not allow is not opened.
Fees and funding are left out: nobody's liquidation price moves within the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from seawall.venues.preset import load_preset

VENUE = "binance"
LEVERAGES = (2.0, 3.0, 5.0, 10.0, 20.0, 25.0, 50.0)
SIDES = ("long", "short")
# Above this leverage nearly every account of a week is gone: it says nothing.
MOST_FOR_A_WEEK = 10.0
WEEK = 604_800


@dataclass(frozen=True)
class Account:
    """side, leverage and maintenance rate; ``distance`` to liquidation as a log-move, > 0."""

    side: str
    leverage: float
    maintenance: float

    @property
    def distance(self) -> float:
        """How far the log-price must go against the account."""
        if self.side == "long":
            return -math.log((1.0 - 1.0 / self.leverage) / (1.0 - self.maintenance))
        return math.log((1.0 + 1.0 / self.leverage) / (1.0 + self.maintenance))


def first_bracket(asset: str) -> tuple[float, float, bool]:
    """(maintenance rate, largest leverage, whether the venue's table has this coin)."""
    preset = load_preset(VENUE)
    tables = cast(dict[str, list[dict[str, float]]], preset["tiers"])
    rows = tables.get(asset, cast(list[dict[str, float]], preset["default_tiers"]))
    return rows[0]["maintenance_rate"], rows[0]["max_leverage"], asset in tables


def accounts_of(asset: str, horizon_seconds: int) -> list[Account]:
    """All that are opened in an asset for a horizon."""
    rate, largest, _ = first_bracket(asset)
    most = MOST_FOR_A_WEEK if horizon_seconds >= WEEK else largest
    return [
        Account(side, leverage, rate)
        for side in SIDES
        for leverage in LEVERAGES
        if leverage <= min(most, largest)
    ]
