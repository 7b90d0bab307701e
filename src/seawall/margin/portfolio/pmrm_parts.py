"""What both versions of Derive's portfolio margin share: volatility shocks, basis, confidence.

Source: Derive v2-core, PMRMLib.sol and PMRMLib_2.sol. All amounts are in
the settlement asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from seawall.book.book import Floats, Ints
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.margin.account.margin_account import MarginAccount, Options
from seawall.margin.account.netted import (
    Expiries,
    expiries,
    naked_shorts,
    netted_options,
    netted_perps,
    only_underlying,
    perps_in_markets,
)
from seawall.margin.account.shifts import UNMOVED, Shifts
from seawall.margin.portfolio.many_options import group_values

MULTIPLE = Quantity("a multiple from 0 to 100 (1.15 means up 15%)", 0.0, 100.0)
SHARE = Quantity("a fraction from 0 to 3 (0.02 means 2%)", 0.0, 3.0)
CONFIDENCE = Quantity("a confidence from 0 to 1", 0.0, 1.0)
FACTOR = Quantity("a factor from 0 to 100", 0.0, 100.0)
LOSS_FACTOR = Quantity("a multiple of the worst loss from 0 to 10 (0.8 means 80%)", 0.0, 10.0)
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
    """One underlying's account, netted, in m markets: what every part of the rule needs.

    options, group     netted options (o,) at today's forwards and volatilities, their expiries (e,)
    seconds, years     to expiry (e,), 0 once expired        rate  annual, not below 0 (e,)
    settled            share of the forward that is averaged already and no longer moves (e,)
    spot_confidence    of spot, confidence: lowest of spot and of the perpetuals held
    naked, gross       shorts without a long at their strike, sum of |amount| (e,), base units
    discount           what a unit paid at expiry is worth today (e,), 1 unless a rule discounts
    compiled           True: the compiled kernel prices options (equal to 1e-13 of the forward)
    In each market (m,): spot, the perpetuals' size (sum of |size|), exposure (sum of size x mark)
    and profit, the price of the settlement asset; coins (m, b) prices of the balances; forward and
    volatility (m,) what those of the options are multiplied by.
    """

    underlying: str | None
    spot_confidence: float
    confidence: float
    options: Options
    group: Expiries
    seconds: Floats
    years: Floats
    rate: Floats
    settled: Floats
    naked: Floats
    gross: Floats
    expiry_confidence: Floats
    discount: Floats
    compiled: bool
    spot: Floats
    perp_size: Floats
    perp_exposure: Floats
    perp_profit: Floats
    settle: Floats
    coins: Floats
    forward: Floats
    volatility: Floats

    @property
    def volatilities(self) -> Floats:
        """Volatility of each option in each market, (o, m)."""
        return self.options.volatility[:, None] * self.volatility


def held(account: MarginAccount, rule: str, settlement_seconds: float) -> Held:
    """The account as both versions look at it, in the one market that it stands in.

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
    sure = known.confidence if known is not None else 1.0
    perps = netted_perps(account)
    lowest = min([sure, *perps.confidence[perps.size != 0.0].tolist()])
    options = netted_options(account.options)
    group = expiries(options)
    seconds = np.maximum(options.seconds[group.first], 0.0)
    settled = np.zeros(group.count)
    if settlement_seconds > 0.0:
        settled = np.clip(1.0 - seconds / settlement_seconds, 0.0, 1.0)
    confidence = np.full(group.count, lowest, dtype=np.float64)
    for column in (
        options.forward_confidence,
        options.rate_confidence,
        options.volatility_confidence,
    ):
        np.minimum.at(confidence, group.of, column)
    none = np.zeros(1)
    own = Held(
        underlying=underlying,
        spot_confidence=sure,
        confidence=lowest,
        options=options,
        group=group,
        seconds=seconds,
        years=seconds / SECONDS_PER_YEAR,
        rate=np.maximum(options.rate[group.first], 0.0),
        settled=settled,
        naked=naked_shorts(options, group),
        gross=segment_sums(np.abs(options.amount), group.of, group.count),
        expiry_confidence=confidence,
        discount=np.ones(group.count),
        compiled=False,
        spot=none,
        perp_size=none,
        perp_exposure=none,
        perp_profit=none,
        settle=none,
        coins=none,
        forward=none,
        volatility=none,
    )
    return in_markets(own, account, UNMOVED)


def in_markets(own: Held, account: MarginAccount, shifts: Shifts) -> Held:
    """The same account in shifted markets; ``own`` is what :func:`held` made of ``account``."""
    names = () if own.underlying is None else (own.underlying,)
    known = account.spot.get(own.underlying) if own.underlying is not None else None
    perps = perps_in_markets(account, shifts.spot_of(account.perps.underlying))
    factor = shifts.spot_of(names)[:, 0] if names else np.ones(shifts.count)
    turned = shifts.volatility_of(names)[:, 0] if names else factor
    balances = account.balances
    return replace(
        own,
        spot=(known.price if known is not None else 0.0) * factor,
        perp_size=np.sum(np.abs(perps.size), axis=1),
        perp_exposure=np.sum(perps.size * perps.mark, axis=1),
        perp_profit=np.sum(perps.profit, axis=1),
        settle=account.settle_price * shifts.spot_of((account.settle,))[:, 0],
        coins=balances.price * shifts.spot_of(balances.assets),
        forward=factor,
        volatility=turned,
    )


def shocked_values(
    own: Held,
    spot_shock: Floats,
    volatility: Floats | None = None,
    level: Ints | None = None,
) -> Floats:
    """Worth of each expiry's options at shocked forwards, (m, s, e), settlement asset.

    spot_shock  (s,) multiples of spot
    volatility  (o, m, l) and ``level`` (s,), which of its last columns a shock takes; None: today's
    forward = fixed part + moving part x shock; value = sum of amount x Black-76 x discount.
    """
    vol = own.volatilities[:, :, None] if volatility is None else volatility
    options, markets, levels = own.options, own.forward.size, vol.shape[2]
    count = own.group.count
    of = np.zeros(spot_shock.size, dtype=np.int64) if level is None else level
    fixed = own.settled[:, None, None]
    shock = fixed + (1.0 - fixed) * spot_shock
    found = group_values(
        own.compiled,
        options,
        options.amount,
        own.group.of,
        # One scenario in all markets, then the next: neighbours are alike, and where all of a block
        # are far from their strikes the kernel is soon done.
        (np.swapaxes(shock, 1, 2) * own.forward).reshape(count, markets * spot_shock.size),
        vol.reshape(options.amount.size, markets * levels),
        (np.arange(markets) * levels + of[:, None]).ravel(),
    )
    worth: Floats = found.reshape(count, spot_shock.size, markets).transpose(2, 1, 0)
    return worth * own.discount


@dataclass(frozen=True)
class Valued:
    """Worth of each expiry's options, settlement asset: all that a rule asks, made at once.

    mark (m, e) today, basis (m, 2, e) at forwards moved up and down, shocked (m, s, e) in each
    scenario
    """

    mark: Floats
    basis: Floats
    shocked: Floats


def valued(
    own: Held,
    basis: tuple[float, float],
    spot_shock: Floats,
    volatility: Sequence[Floats],
    level: Ints,
    today: int,
) -> Valued:
    """Values today, at forwards times ``basis``, and in the scenarios of `shocked_values`.

    volatility  (o, m) for each kind of scenario; ``level`` (s,) is the kind of each
    today       the kind without a shock, which today's value and the basis take
    """
    asked = [(today, 1.0), *((today, move) for move in basis)]
    asked += list(zip(level.tolist(), spot_shock.tolist(), strict=True))
    # What two of them ask is valued once: today is a scenario too, and so are most basis moves.
    place: dict[tuple[int, float], int] = {}
    index = [place.setdefault(one, len(place)) for one in asked]
    which, moves = (np.array(column) for column in zip(*place, strict=True))
    kinds, markets = np.stack(volatility, axis=2), own.spot.size
    if markets > 1 and np.ptp(own.forward) == 0.0 and np.ptp(own.volatility) == 0.0:
        # Only coins move: the options are worth the same in all markets.
        own = replace(own, forward=own.forward[:1], volatility=own.volatility[:1])
        kinds = kinds[:, :1]
    values = shocked_values(own, moves, kinds, which)[:, index]
    values = np.broadcast_to(values, (markets, *values.shape[1:]))
    return Valued(values[:, 0], values[:, 1:3], values[:, 3:])


def confidence_charge(
    confidence: ArrayLike, notional: ArrayLike, threshold: float, margin: float
) -> Floats:
    """What low confidence costs: (1 - c) x margin x notional where c is below the threshold."""
    unsure = np.asarray(confidence, dtype=np.float64)
    charge: Floats = np.where(
        unsure < threshold, (1.0 - unsure) * margin * np.asarray(notional, dtype=np.float64), 0.0
    )
    return charge
