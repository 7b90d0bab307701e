"""How long an asset takes to leave, and what the tail is over that long: Basel's cascade.

Time to exit an exposure X of an asset, the longer of

    X / (PARTICIPATION x daily volume)               days: a tenth of the volume
    X / (REFILL x depth) x recovery time             the book within 1%, each time it has refilled

Liquidity horizon LH of an asset = the larger of the horizon T and its time to exit. With levels
T = LH_1 < LH_2 < ..., over all desks' assets that take that long or longer,

    ES = sqrt(ES_T(all)^2 + sum over j >= 2 of (ES_T(j) sqrt((LH_j - LH_(j-1)) / T))^2)

ES_T(j): of the same paths when only the assets whose liquidity horizon is LH_j or longer move. VaR
is taken through the same formula; Basel has it for ES alone.

Source: Basel Committee on Banking Supervision (2019), "Minimum capital requirements for market
risk", MAR33.4 (T = 10 days and LH of 10 to 120 days there). Wrong when moves of one stretch of time
depend on those of the one before, when an exit runs down during its time (the exposure is taken as
full until the end, which overstates), and where an account would be closed by force first. Tenth
and hundredth are assumptions (A6, A13).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from seawall.exposure.concentration import PARTICIPATION
from seawall.foundation.units import SECONDS_PER_DAY

# Share of the depth, per unit of log-price, that an exit takes before it waits for a refill: the
# book within 1% of the price.
REFILL = 0.01


def exit_seconds(
    exposure: float, daily_volume: float, depth: float, recovery_seconds: float
) -> tuple[float, float]:
    """Time to exit ``exposure`` (quote, any sign) by volume and by refills of the book, seconds.

    daily_volume, depth in quote, > 0, infinite where the market is; recovery_seconds > 0.
    """
    size = abs(exposure)
    by_volume = size / (PARTICIPATION * daily_volume) * SECONDS_PER_DAY
    by_refill = size / (REFILL * depth) * recovery_seconds
    return by_volume, by_refill


def levels_of(horizon: float, exits: Sequence[float]) -> list[float]:
    """The liquidity horizons T = LH_1 < LH_2 < ... of assets with these times to exit, seconds."""
    return sorted({horizon, *(seconds for seconds in exits if seconds > horizon)})


def cascade(shortfall: Sequence[float], levels: Sequence[float]) -> float:
    """The formula above, quote: of ES_T(all), ES_T(2), ... at LH_1 = T, LH_2, ... seconds.

    A gain beyond LH_1 counts as no loss. With one level it is ES_T itself, a gain too.
    """
    if len(levels) == 1:
        return shortfall[0]
    total = max(shortfall[0], 0.0) ** 2
    for j in range(1, len(levels)):
        longer = (levels[j] - levels[j - 1]) / levels[0]
        total += max(shortfall[j], 0.0) ** 2 * longer
    return math.sqrt(total)
