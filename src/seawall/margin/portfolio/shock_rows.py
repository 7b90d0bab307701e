"""Rows of a shock grid as a rulebook gives them, and how far each moves an option's volatility."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, Quantity
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_DAY

SPOT_SHOCK = Quantity("a relative move above -1, to 20 (-0.16 means down 16%)", -1.0, 20.0, True)
VOLATILITY_SHOCK = Quantity("a relative move from -1 to 20 (0.4 means up 40%)", -1.0, 20.0)
WEIGHT = Quantity("a weight from 0 to 10 (0.24 means 24% of the loss)", 0.0, 10.0)
RATE = Quantity("a fraction from -1 to 1", -1.0, 1.0)
POWER = Quantity("a power from 0 to 10", 0.0, 10.0)
DAYS = Quantity("a number of days above 0, to 400", 0.0, 400.0, True)
REFERENCE_DAYS = 30.0


@dataclass(frozen=True)
class ShockRow:
    """One row: relative moves of spot and of implied volatility at 30 days, and its weight."""

    spot: float = number(SPOT_SHOCK)
    volatility: float = number(VOLATILITY_SHOCK, 0.0)
    weight: float = number(WEIGHT, 1.0)


@dataclass(frozen=True)
class Shocks:
    """Rows of a grid in columns: their moves of spot and weights, (s,).

    factor  (s + 1,) what a forward is multiplied by, first today: no shock
    kinds   (k,) the different moves of volatility, rising; level (s + 1,) which of them each takes
    """

    spot: Floats
    weight: Floats
    factor: Floats
    kinds: Floats
    level: Ints


@dataclass(frozen=True)
class ShockGrid:
    """One market's numbers.

    rows                       the shocks, in the venue's order
    floor_days                 shortest time to expiry that scales a volatility shock
    short_power, long_power    of (30 / days), below and from 30 days on; 0 and 0: no scaling
    maintenance_fraction       maintenance as a share of the initial net requirement
    net_delta, hedged_delta    shares of spot for net delta and for delta that offsets
    short_option               share of spot for each short without a long at its strike
    funding                    share of notional that a long perpetual pays over the venue's period
    perp_fee, option_fee       share of the mark and of spot to close; option_fee_cap of its value
    """

    rows: tuple[ShockRow, ...]
    maintenance_fraction: float = number(FRACTION)
    floor_days: float = number(DAYS)
    short_power: float = number(POWER)
    long_power: float = number(POWER)
    net_delta: float = number(FRACTION, 0.0)
    hedged_delta: float = number(FRACTION, 0.0)
    short_option: float = number(FRACTION, 0.0)
    funding: float = number(RATE, 0.0)
    perp_fee: float = number(FRACTION, 0.0)
    option_fee: float = number(FRACTION, 0.0)
    option_fee_cap: float = number(FRACTION, 1.0)

    def __post_init__(self) -> None:
        if not self.rows:
            raise InputError("a shock grid has no rows", expected="at least one")

    @cached_property
    def shocks(self) -> Shocks:
        """The rows as columns; a search asks them at every price."""
        moves = np.array([0.0, *(row.volatility for row in self.rows)])
        kinds, level = np.unique(moves, return_inverse=True)
        spot = np.array([row.spot for row in self.rows])
        weight = np.array([row.weight for row in self.rows])
        return Shocks(spot, weight, np.append(1.0, 1.0 + spot), kinds, level)


def shocked_volatility(rule: ShockGrid, seconds: Floats, shock: Floats) -> Floats:
    """What each shock (s,) multiplies each option's volatility by, (s, o), 0 or above."""
    days = np.maximum(seconds / SECONDS_PER_DAY, 0.0)
    power = np.where(days < REFERENCE_DAYS, rule.short_power, rule.long_power)
    scaled = (REFERENCE_DAYS / np.maximum(days, rule.floor_days)) ** power
    multiples: Floats = np.maximum(0.0, 1.0 + shock[:, None] * scaled)
    return multiples
