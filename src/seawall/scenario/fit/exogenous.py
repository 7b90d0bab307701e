"""History without the crowd's own feedback: the forced orders of each fall are taken out again.

Idea: total prices are what the world did plus what liquidations made of it. Where liquidation
prices lie evenly below and above (in log-price), the total price p sells n per unit that it falls
below the lowest price since the crowd was renewed, and buys n per unit that it rises above the
highest:

    flow_t = -n max(m - p_t, 0) + n max(p_t - M, 0)      m, M lowest and highest total price so far
    d_t    = P_t + T_t,   T_t = e^(-dt/recovery) T_(t-1) + (1 - permanent) flow_t,
                          P_t = P_(t-1) + permanent flow_t
    x_t    = p_t - d_t                                    the exogenous log-price

which undoes the engine's own order of a step (decay, price, forced orders) exactly, since flow is a
function of the total price alone. A step that falls to a new low moves by (1 - n) of what was seen,
C1 of the evidence; a step within the range already seen moves as it was seen. That is why scaling
all volatility by 1 - n is too much: in calm hours nobody is liquidated. Depth cancels: n is
liquidatable notional per unit of log-price over depth.

n, recovery, the permanent share and how often the crowd is renewed are PRIORS. None can be found in
prices; fits made on what this returns carry the error of n in the error of volatility.

Source: the branching picture of C1; the label "exogenous" of decision 005. Wrong when liquidation
prices are bunched (n then depends on the price), when extremes within a bar are not seen (bars are
closes: take short ones), when the crowd renews itself continuously, and beyond ``reach``, where
nobody is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.moments import volatility_of
from seawall.scenario.fit.prices import Prices, returns_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CrowdResponse:
    """The crowd's linear response, all of it stated.

    branching         n, of falls and of rises alike, 0 to below 1
    recovery_seconds  time constant with which temporary impact decays
    permanent_share   share of impact that stays
    renewal_seconds   how often the crowd holds fresh positions around the price
    reach             log-distance from the price at renewal beyond which nobody is left
    """

    branching: float
    recovery_seconds: float = 3_600.0
    permanent_share: float = 0.0
    renewal_seconds: float = 86_400.0
    reach: float = math.inf

    def __post_init__(self) -> None:
        good = (
            0.0 <= self.branching < 1.0
            and self.recovery_seconds > 0.0
            and 0.0 <= self.permanent_share <= 1.0
            and self.renewal_seconds > 0.0
            and self.reach > 0.0
        )
        if not good:
            raise InputError(
                f"the crowd's response is {self}",
                expected="n from 0 to below 1, times and reach above 0, a share from 0 to 1",
            )


def exogenous_prices(prices: Prices, response: CrowdResponse) -> Prices:
    """The same bars without the crowd's feedback; missing ones stay missing.

    The first bar of a renewal is where its range starts. Raises InputError when the crowd is
    renewed within two bars.
    """
    if response.renewal_seconds < 2 * prices.seconds:
        raise InputError(
            f"the crowd is renewed every {response.renewal_seconds:g} s and a bar has "
            f"{prices.seconds} s",
            expected="shorter bars, or a crowd renewed less often than every two bars",
        )
    place = (prices.times - prices.times[0]) // prices.seconds
    total = np.full((int(place[-1]) + 1, len(prices.assets)), np.nan)
    total[place] = np.log(prices.close)
    bars = round(response.renewal_seconds / prices.seconds)
    moved = displacement(total, bars, prices.seconds, response)
    return replace(prices, close=np.exp(total - moved)[place])


def with_prior_error(
    fitted: Fitted, prices: Prices, response: CrowdResponse, error: float
) -> Fitted:
    """The fit with what n's standard error does to volatility added to the volatility's own error.

    Volatility is measured again with n one error less and one more; half of the difference is added
    in squares. ``prices`` are the total ones.
    """
    low = replace(response, branching=max(response.branching - error, 0.0))
    high = replace(response, branching=min(response.branching + error, 0.99))
    years = prices.seconds / SECONDS_PER_YEAR
    levels = [
        volatility_of(returns_of(exogenous_prices(prices, each)).log_return, years)
        for each in (low, response, high)
    ]
    share = np.abs(levels[0] - levels[2]) / (2.0 * levels[1])
    wider = {
        name: Estimate(own.value, math.hypot(own.error, own.value * float(extra)))
        for (name, own), extra in zip(fitted.volatility.items(), share, strict=True)
    }
    return replace(fitted, volatility=wider)


def displacement(total: Floats, bars: int, seconds: float, response: CrowdResponse) -> Floats:
    """What forced orders have added to each log-price (t, k), given the total ones.

    ``bars`` of one renewal; the first bar of each starts a new range.
    """
    from scipy.signal import lfilter

    flow = _flow(total, bars, response)
    decay = math.exp(-seconds / response.recovery_seconds)
    temporary = lfilter([1.0 - response.permanent_share], [1.0, -decay], flow, axis=0)
    return np.asarray(temporary + response.permanent_share * np.cumsum(flow, axis=0))


def _flow(total: Floats, bars: int, response: CrowdResponse) -> Floats:
    """Forced flow over depth (t, k), per bar."""
    steps, assets = total.shape
    rows = -(-steps // bars)
    padded = np.full((rows * bars, assets), np.nan)
    padded[:steps] = total
    days = padded.reshape(rows, bars, assets)
    known = np.isfinite(days)
    first = np.argmax(known, axis=1)[:, None, :]
    anchor = np.take_along_axis(days, first, axis=1)
    fall = np.where(known, np.clip(anchor - days, 0.0, response.reach), 0.0)
    rise = np.where(known, np.clip(days - anchor, 0.0, response.reach), 0.0)
    lowest = np.maximum.accumulate(fall, axis=1)
    highest = np.maximum.accumulate(rise, axis=1)
    held = response.branching * (highest - lowest)
    flow = np.diff(held, axis=1, prepend=0.0)
    return np.asarray(flow.reshape(-1, assets)[:steps])
