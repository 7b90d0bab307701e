"""What both versions of Derive's portfolio margin share: volatility shocks, basis, confidence.

Source: Derive v2-core, PMRMLib.sol and PMRMLib_2.sol. All amounts are in
the settlement asset.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from seawall.book.book import Floats
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.margin.account import MarginAccount, Options
from seawall.margin.netted import (
    Expiries,
    NettedPerps,
    expiries,
    naked_shorts,
    netted_options,
    netted_perps,
    only_underlying,
)
from seawall.valuation.black import black

MULTIPLE = Quantity("a multiple from 0 to 100 (1.15 means up 15%)", 0.0, 100.0)
SHARE = Quantity("a fraction from 0 to 3 (0.02 means 2%)", 0.0, 3.0)
CONFIDENCE = Quantity("a confidence from 0 to 1", 0.0, 1.0)
FACTOR = Quantity("a factor from 0 to 100", 0.0, 100.0)
POWER = Quantity("a power from 0 to 10", 0.0, 10.0)
DAYS = Quantity("a number of days from 0 to 400", 0.0, 400.0)
WINDOW = Quantity("a number of seconds from 0 to a day", 0.0, SECONDS_PER_DAY)

REFERENCE_DAYS = 30.0


@dataclass(frozen=True)
class VolatilityShock:
    """How much implied volatility is shocked: range x (30 / max(days, floor_days))^power.

    range_up, range_down     relative moves at 30 days
    short_power, long_power  power up to and beyond 30 days to expiry
    floor_days               shortest time to expiry that scales them
    smallest_up              lowest volatility of a shock up (0: none)
    """

    range_up: float = number(FACTOR)
    range_down: float = number(FACTOR)
    short_power: float = number(POWER)
    long_power: float = number(POWER)
    floor_days: float = number(DAYS)
    smallest_up: float = number(FACTOR, 0.0)


def volatility_multiples(rule: VolatilityShock, seconds: Floats) -> tuple[Floats, Floats]:
    """What volatility is multiplied by in a shock up and down, (e,) each, for seconds to expiry.

    up = 1 + range_up x, down = max(0, 1 - range_down x), x = (30 / max(days, floor))^power.
    At expiry, without a floor, x is taken at one second: such an option has no volatility anyway.
    """
    days = np.maximum(seconds, 1.0) / SECONDS_PER_DAY
    floored = np.maximum(days, rule.floor_days)
    power = np.where(seconds <= REFERENCE_DAYS * SECONDS_PER_DAY, rule.short_power, rule.long_power)
    scale = (REFERENCE_DAYS / floored) ** power
    return 1.0 + rule.range_up * scale, np.maximum(0.0, 1.0 - rule.range_down * scale)


@dataclass(frozen=True)
class Held:
    """One underlying's account, netted: what every part of the rule needs.

    options, group     netted options (o,) and their expiries (e,)
    seconds, years     to expiry (e,), 0 once expired        rate  annual, not below 0 (e,)
    fixed, moving      parts of the forward (o,) that a spot shock leaves and moves
    spot, confidence   price of the underlying; lowest of spot and of the perpetuals held
    naked, gross       shorts without a long at their strike, sum of |amount| (e,), base units
    discount           what a unit paid at expiry is worth today (e,), 1 unless a rule discounts
    """

    underlying: str | None
    spot: float
    spot_confidence: float
    confidence: float
    perps: NettedPerps
    options: Options
    group: Expiries
    seconds: Floats
    years: Floats
    rate: Floats
    fixed: Floats
    moving: Floats
    naked: Floats
    gross: Floats
    expiry_confidence: Floats
    discount: Floats

    @property
    def perp_size(self) -> float:
        """Sum over contracts of |size|, base units."""
        return float(np.sum(np.abs(self.perps.size)))


def held(account: MarginAccount, rule: str, settlement_seconds: float) -> Held:
    """The account as both versions look at it.

    settlement_seconds  length of the average that options settle to: closer to expiry than that,
                        the part of the forward that is already averaged no longer moves
    An expiry's confidence is the lowest of spot, the perpetuals held, forward, rate and
    volatilities. Raises InputError for derivatives on several underlyings.
    """
    underlying = only_underlying(account, rule)
    known = account.spot.get(underlying) if underlying is not None else None
    if known is None and (account.perps.size.size or account.options.amount.size):
        raise InputError(
            f"{account.name!r} has no spot price of {underlying}", expected="its price and source"
        )
    spot = known.price if known is not None else 0.0
    sure = known.confidence if known is not None else 1.0
    perps = netted_perps(account)
    lowest = min([sure, *perps.confidence[perps.size != 0.0].tolist()])
    options = netted_options(account.options)
    group = expiries(options)
    seconds = np.maximum(options.seconds[group.first], 0.0)
    settled = np.zeros(group.count)
    if settlement_seconds > 0.0:
        settled = np.clip(1.0 - seconds / settlement_seconds, 0.0, 1.0)
    fixed = options.forward * settled[group.of]
    confidence = np.full(group.count, lowest)
    for column in (
        options.forward_confidence,
        options.rate_confidence,
        options.volatility_confidence,
    ):
        np.minimum.at(confidence, group.of, column)
    return Held(
        underlying=underlying,
        spot=spot,
        spot_confidence=sure,
        confidence=lowest,
        perps=perps,
        options=options,
        group=group,
        seconds=seconds,
        years=seconds / SECONDS_PER_YEAR,
        rate=np.maximum(options.rate[group.first], 0.0),
        fixed=fixed,
        moving=options.forward - fixed,
        naked=naked_shorts(options, group),
        gross=segment_sums(np.abs(options.amount), group.of, group.count),
        expiry_confidence=confidence,
        discount=np.ones(group.count),
    )


def shocked_values(own: Held, spot_shock: Floats, volatility: Floats | None = None) -> Floats:
    """Worth of each expiry's options at shocked forwards, (s, e), settlement asset.

    spot_shock (s,) multiples of spot; volatility (s, o) or None for today's.
    forward = fixed part + moving part x shock; value = sum of amount x Black-76 x discount.
    """
    options = own.options
    forward = own.fixed + own.moving * spot_shock[:, None]
    vol = options.volatility if volatility is None else volatility
    value = black(forward, options.strike, own.years[own.group.of], vol, options.call)
    total = segment_sums(options.amount * value, own.group.of, own.group.count)
    return total * own.discount


def confidence_charge(
    confidence: ArrayLike, notional: ArrayLike, threshold: float, margin: float
) -> Floats:
    """What low confidence costs: (1 - c) x margin x notional where c is below the threshold."""
    unsure = np.asarray(confidence, dtype=np.float64)
    charge: Floats = np.where(
        unsure < threshold, (1.0 - unsure) * margin * np.asarray(notional, dtype=np.float64), 0.0
    )
    return charge
