"""Drift v2 in whole numbers: collateral, margin requirement and weights, rounded as the venue does.

Units: prices, quote amounts and fees in millionths; base sizes in 1e-9; margin ratios and weights
in 1e-4; the size factor (imf) in millionths.

    perp requirement   floor(value x ratio), value = floor(|size| x price x quote price)
    ratio              max(own, own - own / 5 + imf sqrt(size)): grows with the position
    deposit counts     floor(value x weight), weight = min(own, 1.1 / (1 + imf sqrt(size)))
    borrow requires    floor(value x weight), weight = max(own, own - own / 5 + imf sqrt(size))
    profit             counts towards collateral, at a market's own weight if positive
    leaving liquidation needs 2% of every liability on top

The square root is that of whole numbers. Initial weights of deposits shrink once all deposits of
the asset exceed a value: weight x start / value.
Source: drift-labs/protocol-v2, math/margin, math/liquidation and state (facts restated). Wrong for
open orders, high-leverage mode, isolated positions of 2025, and prices other than the oracle's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isqrt

from seawall.foundation.errors import InputError
from seawall.foundation.exact import MILLION, divide_down, divide_to_zero

BASE_UNIT = 10**9
WEIGHT_ONE = 10_000
# sqrt(10 x size + 1) of a size in 1e-9 is the root of the size in 1e-5.
ROOT_UNIT = 100_000


@dataclass(frozen=True)
class PerpMarket:
    """One perpetual: oracle price (1e-6), margin ratios (1e-4), imf (1e-6), profit weights (1e-4).

    largest_initial_profit  profit that counts at most towards initial margin, quote units (1e-6);
                            None = all of it
    """

    price: int
    initial_ratio: int
    maintenance_ratio: int
    imf: int = 0
    initial_profit_weight: int = WEIGHT_ONE
    maintenance_profit_weight: int = WEIGHT_ONE
    largest_initial_profit: int | None = None


@dataclass(frozen=True)
class SpotMarket:
    """One asset: oracle price (1e-6), decimals, weights (1e-4), imf (1e-6), cap scaling.

    scale_start  value of all deposits (1e-6) from which the initial asset weight shrinks; 0 = never
    deposits     all deposits of the asset at the venue, token units
    """

    price: int
    decimals: int
    initial_asset_weight: int
    maintenance_asset_weight: int
    initial_liability_weight: int
    maintenance_liability_weight: int
    imf: int = 0
    scale_start: int = 0
    deposits: int = 0


@dataclass(frozen=True)
class PerpPosition:
    """Base units (1e-9, long > 0) and the quote paid in (1e-6): -size x entry, funding included."""

    market: PerpMarket
    base: int
    quote: int


@dataclass(frozen=True)
class SpotBalance:
    """Token units held (> 0) or borrowed (< 0)."""

    market: SpotMarket
    tokens: int


@dataclass(frozen=True)
class User:
    """A Drift account: quote balance (1e-6 of the quote asset), its price, perps and other assets.

    own_ratio  the user's own margin ratio (1e-4), for initial margin only; 0 = none
    """

    quote: int
    quote_price: int = MILLION
    perps: Mapping[str, PerpPosition] = field(default_factory=dict)
    spots: Mapping[str, SpotBalance] = field(default_factory=dict)
    own_ratio: int = 0


@dataclass(frozen=True)
class Margin:
    """Collateral, requirement and liability value, quote units of 1e-6; adds over positions."""

    collateral: int = 0
    requirement: int = 0
    liability: int = 0

    def __add__(self, other: Margin) -> Margin:
        return Margin(
            self.collateral + other.collateral,
            self.requirement + other.requirement,
            self.liability + other.liability,
        )

    @property
    def enough(self) -> bool:
        """True when the collateral covers the requirement; equality does."""
        return self.collateral >= self.requirement

    def with_buffer(self, buffer: int) -> int:
        """Requirement plus ``buffer`` (1e-4) of the liabilities, units: what ends a liquidation."""
        return self.requirement + divide_down(self.liability * buffer, WEIGHT_ONE)

    def shortage(self, buffer: int) -> int:
        """What is missing to end a liquidation, units; 0 when nothing is."""
        return max(self.with_buffer(buffer) - self.collateral, 0)


def size_root(size: int) -> int:
    """Square root of a size of 1e-9 units, in 1e-5, down: isqrt(10 size + 1)."""
    return isqrt(abs(size) * 10 + 1)


def liability_weight(size: int, imf: int, own: int) -> int:
    """Weight or margin ratio (1e-4) of a liability of ``size`` (1e-9): grows with its root."""
    if imf == 0:
        return own
    grown = own - divide_down(own, 5) + divide_down(size_root(size) * imf, ROOT_UNIT * 100)
    return max(own, grown)


def asset_weight(size: int, imf: int, own: int) -> int:
    """Weight (1e-4) of a deposit of ``size`` (1e-9): 1.1 / (1 + imf sqrt(size)) or ``own``."""
    if imf == 0:
        return own
    discount = MILLION + divide_down(size_root(size) * imf, ROOT_UNIT)
    return min(own, divide_down((MILLION + MILLION // 10) * WEIGHT_ONE, discount))


def token_value(tokens: int, decimals: int, price: int) -> int:
    """Value of token units at ``price`` (1e-6), quote units of 1e-6, towards zero."""
    return divide_to_zero(tokens * price, 10**decimals)


def scaled_asset_weight(own: int, scale_start: int, deposits_value: int) -> int:
    """Initial asset weight (1e-4) once all deposits (1e-6) are worth more than ``scale_start``."""
    if scale_start == 0 or deposits_value < scale_start:
        return own
    return divide_down(own * scale_start, deposits_value)


def in_base_units(tokens: int, decimals: int) -> int:
    """Token units as units of 1e-9, the size that the size factors take."""
    return divide_down(abs(tokens) * BASE_UNIT, 10**decimals)


def perp_margin(
    position: PerpPosition, kind: str, quote_price: int = MILLION, own_ratio: int = 0
) -> Margin:
    """Collateral (profit), requirement and liability of one perpetual, quote units.

    kind  ``initial`` or ``maintenance``; the user's own ratio counts for the first only
    """
    market, initial = position.market, _is_initial(kind)
    value = divide_down(abs(position.base) * market.price, BASE_UNIT)
    profit = (value if position.base >= 0 else -value) + position.quote
    liability = divide_down(value * quote_price, MILLION)
    ratio = liability_weight(
        position.base, market.imf, market.initial_ratio if initial else market.maintenance_ratio
    )
    ratio = max(ratio, own_ratio) if initial else ratio
    weight = market.initial_profit_weight if initial else market.maintenance_profit_weight
    if profit > 0:
        profit = divide_down(profit * weight, WEIGHT_ONE)
    profit = divide_to_zero(profit * quote_price, MILLION)
    if initial and market.largest_initial_profit is not None:
        profit = min(profit, market.largest_initial_profit)
    return Margin(profit, divide_down(liability * ratio, WEIGHT_ONE), liability)


def spot_margin(balance: SpotBalance, kind: str) -> Margin:
    """Collateral of a deposit, or requirement and liability of a borrow, quote units."""
    market, initial = balance.market, _is_initial(kind)
    size = in_base_units(balance.tokens, market.decimals)
    value = token_value(abs(balance.tokens), market.decimals, market.price)
    if balance.tokens >= 0:
        weight = asset_weight(size, market.imf, _asset_weight_before_size(market, initial))
        return Margin(collateral=divide_down(value * weight, WEIGHT_ONE))
    own = market.initial_liability_weight if initial else market.maintenance_liability_weight
    weight = liability_weight(size, market.imf, own)
    return Margin(requirement=divide_down(value * weight, WEIGHT_ONE), liability=value)


def quote_margin(quote: int, quote_price: int = MILLION) -> Margin:
    """The quote asset counts whole: a deposit as collateral, a borrow as requirement."""
    value = divide_down(abs(quote) * quote_price, MILLION)
    if quote >= 0:
        return Margin(collateral=value)
    return Margin(requirement=value, liability=value)


def user_margin(user: User, kind: str) -> Margin:
    """Collateral, requirement and liability of an account, ``initial`` or ``maintenance``."""
    total = quote_margin(user.quote, user.quote_price)
    for balance in user.spots.values():
        total += spot_margin(balance, kind)
    for position in user.perps.values():
        total += perp_margin(position, kind, user.quote_price, user.own_ratio)
    return total


def _asset_weight_before_size(market: SpotMarket, initial: bool) -> int:
    if not initial:
        return market.maintenance_asset_weight
    deposits = token_value(market.deposits, market.decimals, market.price)
    return scaled_asset_weight(market.initial_asset_weight, market.scale_start, deposits)


def _is_initial(kind: str) -> bool:
    if kind not in ("initial", "maintenance"):
        raise InputError(f"margin kind {kind!r} is given", expected="initial or maintenance")
    return kind == "initial"
