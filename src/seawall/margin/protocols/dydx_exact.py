"""dYdX v4 in whole numbers: what a subaccount has and must hold, to the quantum.

One position of q base quantums at price p (quote quantums per base quantum):

    net notional         NN = q p, towards zero
    initial margin       ceil(|NN| imf), imf in parts per million
    maintenance margin   ceil(ceil(|NN| base) share): from the fraction before open interest counts
    imf                  base up to the lower cap of open interest, 1 from the upper cap on, between
                         them base + floor((1 - base) (OI - lower) / (upper - lower)); the user's
                         own fraction if that is higher, for the initial margin only

An account is the sum of its positions: net collateral = quote balance + sum of NN. It may be
liquidated when its maintenance margin is positive and above its net collateral.
Source: dydxprotocol/v4-chain, x/perpetuals/lib, x/perpetuals/types/liquidity_tier and
lib/margin/risk (facts restated). Wrong before open interest counted (versions below v5), and where
several assets serve as collateral: here only the quote balance does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from seawall.foundation.errors import InputError
from seawall.foundation.exact import (
    MILLION,
    divide_down,
    power_of_ten,
    ppm_up,
    times_to_zero,
)


@dataclass(frozen=True)
class LiquidityTier:
    """Fractions of one liquidity tier, and the open interest over which they grow.

    initial_ppm, maintenance_ppm (of the initial margin)  parts per million, 0 to a million
    lower_cap, upper_cap  open interest in quote quantums; an upper cap of 0 = no scaling,
        whatever the lower one is
    """

    initial_ppm: int
    maintenance_ppm: int
    lower_cap: int = 0
    upper_cap: int = 0

    def __post_init__(self) -> None:
        for name in ("initial_ppm", "maintenance_ppm"):
            if not 0 <= getattr(self, name) <= MILLION:
                raise InputError(f"{name} is {getattr(self, name)}", expected="0 to 1,000,000")
        scaled = self.upper_cap != 0
        if self.lower_cap < 0 or (scaled and self.upper_cap < self.lower_cap):
            raise InputError(
                f"open interest caps are {self.lower_cap} and {self.upper_cap}",
                expected="a lower cap of 0 or more and an upper one that is not below it, or 0",
            )


@dataclass(frozen=True)
class Market:
    """One perpetual: oracle price in quote quantums per base quantum, tier, open interest (base
    quantums).
    """

    price: Fraction
    tier: LiquidityTier
    open_interest: int = 0


@dataclass(frozen=True)
class Position:
    """Base quantums held (long > 0), and the user's own initial fraction in ppm (0 = none)."""

    market: Market
    size: int
    own_initial_ppm: int = 0


@dataclass(frozen=True)
class Subaccount:
    """Quote balance in quantums, and the position in each perpetual."""

    quote: int
    positions: Mapping[str, Position] = field(default_factory=dict)


@dataclass(frozen=True)
class Risk:
    """Net collateral, initial and maintenance margin in quote quantums; adds over positions."""

    net_collateral: int = 0
    initial: int = 0
    maintenance: int = 0

    def __add__(self, other: Risk) -> Risk:
        return Risk(
            self.net_collateral + other.net_collateral,
            self.initial + other.initial,
            self.maintenance + other.maintenance,
        )

    @property
    def liquidatable(self) -> bool:
        """True when the maintenance margin is positive and above the net collateral."""
        return self.maintenance > 0 and self.maintenance > self.net_collateral


def price_in_quantums(
    price: Fraction, exponent: int, base_resolution: int, quote_resolution: int
) -> Fraction:
    """Quote quantums per base quantum at ``price`` x 10^``exponent`` quote per coin.

    One base quantum is 10^``base_resolution`` coins, one quote quantum 10^``quote_resolution``.
    """
    return price * power_of_ten(exponent + base_resolution - quote_resolution)


def net_notional(market: Market, size: int) -> int:
    """Value of ``size`` base quantums in quote quantums, shorts negative, towards zero."""
    return times_to_zero(size, market.price)


def scaled_initial_ppm(tier: LiquidityTier, open_notional: int) -> int:
    """Initial fraction in ppm once open interest (quote quantums) counts, rounded down."""
    if tier.upper_cap == 0 or open_notional <= tier.lower_cap:
        return tier.initial_ppm
    if open_notional >= tier.upper_cap:
        return MILLION
    beyond = (MILLION - tier.initial_ppm) * (open_notional - tier.lower_cap)
    return tier.initial_ppm + divide_down(beyond, tier.upper_cap - tier.lower_cap)


def initial_margin(notional: int, tier: LiquidityTier, open_notional: int, own_ppm: int = 0) -> int:
    """Initial margin of a notional >= 0, rounded up; all in quote quantums."""
    return ppm_up(notional, max(scaled_initial_ppm(tier, open_notional), own_ppm))


def maintenance_margin(notional: int, tier: LiquidityTier) -> int:
    """Maintenance margin of a notional >= 0: a share of the unscaled initial margin, each up."""
    return ppm_up(ppm_up(notional, tier.initial_ppm), tier.maintenance_ppm)


def position_risk(position: Position) -> Risk:
    """Net notional and margins of one position in quote quantums."""
    market = position.market
    notional = net_notional(market, position.size)
    open_notional = net_notional(market, market.open_interest)
    own = position.own_initial_ppm
    return Risk(
        notional,
        initial_margin(abs(notional), market.tier, open_notional, own),
        maintenance_margin(abs(notional), market.tier),
    )


def account_risk(account: Subaccount) -> Risk:
    """Net collateral and margins of a subaccount: its quote balance and the sum over positions."""
    risk = Risk(net_collateral=account.quote)
    for position in account.positions.values():
        risk += position_risk(position)
    return risk


def position_of(account: Subaccount, name: str) -> Position:
    """The position in one perpetual; InputError when there is none."""
    if name not in account.positions:
        held = ", ".join(account.positions) or "none"
        raise InputError(
            f"the account holds no {name!r}", expected=f"one of its perpetuals: {held}"
        )
    return account.positions[name]


def after_fill(account: Subaccount, name: str, base: int, quote: int) -> Subaccount:
    """The subaccount after ``base`` and ``quote`` quantums (signed) were added to it."""
    position = position_of(account, name)
    positions = {**account.positions, name: replace(position, size=position.size + base)}
    return Subaccount(account.quote + quote, positions)


def closes_part_of(position: Position, delta: int) -> bool:
    """True when ``delta`` is against the position and not larger than it; 0 closes nothing."""
    return position.size * delta < 0 and abs(delta) <= abs(position.size)


def bankruptcy_value(account: Subaccount, name: str, delta: int) -> int:
    """Quote quantums received (> 0) or paid (< 0) for ``delta`` at the bankruptcy price.

    -(change of net notional) - floor(net collateral x |change of maintenance| / maintenance): the
    position takes along its share of what the account has, or lacks. The one division goes down,
    also below zero, so that a fill at this value never costs the insurance fund anything.

    Raises InputError when delta does not close a part of the position, or nothing is margined.
    """
    position = position_of(account, name)
    if not closes_part_of(position, delta):
        raise InputError(
            f"a change of {delta} does not close a part of the {position.size} held in {name!r}",
            expected="the opposite sign and at most that size",
        )
    total, before = account_risk(account), position_risk(position)
    if total.maintenance == 0:
        raise InputError(
            "an account without maintenance margin has no bankruptcy price",
            expected="a position worth at least one quantum",
        )
    after = position_risk(replace(position, size=position.size + delta))
    share = total.net_collateral * (before.maintenance - after.maintenance)
    change = after.net_collateral - before.net_collateral
    return -change - divide_down(share, total.maintenance)


def riskier(first: Risk, second: Risk) -> int:
    """1 when the first account is liquidated before the second, -1 after it, 0 when equal.

    The lower net collateral / maintenance goes first; the ratios are compared by cross products, so
    nothing is divided. On a tie the larger maintenance goes first, and where neither has any, the
    smaller net collateral.
    """
    one = first.net_collateral * second.maintenance
    two = second.net_collateral * first.maintenance
    if one != two:
        return 1 if one < two else -1
    if first.maintenance == second.maintenance == 0:
        return _order(second.net_collateral, first.net_collateral)
    return _order(first.maintenance, second.maintenance)


def transition_allowed(before: Risk, after: Risk) -> bool:
    """True when an account may go from ``before`` to ``after``: safe, or no riskier than it was.

    Below its initial margin an account may not raise its maintenance margin, nor lower the ratio of
    net collateral to it; with no maintenance margin on either side its net collateral must rise,
    and one that ends without positions and below zero is refused.
    """
    if after.net_collateral >= after.initial:
        return True
    if after.maintenance > before.maintenance:
        return False
    if after.maintenance == 0 or before.maintenance == 0:
        both = after.maintenance == before.maintenance == 0
        return both and after.net_collateral > before.net_collateral
    return riskier(after, before) <= 0


def _order(left: int, right: int) -> int:
    return (left > right) - (left < right)
