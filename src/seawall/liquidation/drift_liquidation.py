"""Drift v2 liquidation in whole numbers: how much a liquidator takes over, at what fees.

A liquidator takes over just as much as cures the margin shortage X, at the oracle price less a fee:

    perpetual   base = X / (P Q (ratio - fee) - P insurance fee)
    spot        liability = X / (P_l (w_l - w_a m_a / m_l) - P_l insurance fee w_l),
                asset = liability x P_l m_a / (P_a m_l)

with w weights, m multipliers (1 + fee for the asset, 1 - fee for the liability), Q the price of the
quote asset. Where no amount cures (the denominator is not positive) the amount is unbounded, which
is None here, and the whole position goes. How much of the shortage may be freed grows with the time
since the account was last active.
Units: prices, quote amounts, fees and multipliers 1e-6; base 1e-9; ratios and weights 1e-4.
Source: drift-labs/protocol-v2, math/liquidation (facts restated). Wrong for the venue's snapping of
assets with other than six decimals: the version read scales the rest the other way, here a dollar
is a dollar. The loop does not use it yet.
"""

from __future__ import annotations

from fractions import Fraction

from seawall.foundation.errors import InputError
from seawall.foundation.exact import MILLION, divide_down, divide_up, floor_of
from seawall.margin.protocols.drift_exact import BASE_UNIT, WEIGHT_ONE

RATIO_TO_FEE = MILLION // WEIGHT_ONE
SMALL_SHORTAGE = 50 * MILLION
QUOTE_DECIMALS = 6


def base_to_cover(
    shortage: int, ratio: int, fee: int, insurance_fee: int, price: int, quote_price: int
) -> int | None:
    """Base units (1e-9) to close to cure a shortage (1e-6), down; None = unbounded."""
    room = ratio * RATIO_TO_FEE - fee
    if price == 0 or room <= 0:
        return None
    freed = divide_down(divide_down(price * quote_price, MILLION) * room, MILLION)
    freed -= divide_down(price * insurance_fee, MILLION)
    return divide_down(shortage * BASE_UNIT, freed) if freed > 0 else None


def liability_to_cover(
    shortage: int,
    asset: tuple[int, int],
    liability: tuple[int, int],
    insurance_fee: int,
    price: int,
    decimals: int,
) -> int | None:
    """Liability token units that a liquidator takes over to cure a shortage, at least 1, down.

    asset, liability  (weight 1e-4, multiplier 1e-6) of each; price (1e-6) and decimals are the
    liability's. None = unbounded: the liability's weight is not above the asset's.
    """
    (asset_weight, asset_multiplier), (weight, multiplier) = asset, liability
    if asset_weight >= weight or multiplier == 0:
        return None
    # Ten times the weights' precision, as the venue counts.
    room = weight * 10 - divide_down(asset_weight * 10 * asset_multiplier, multiplier)
    if room <= 0:
        return None
    freed = price * room - divide_down(price * insurance_fee, MILLION) * weight * 10
    if freed <= 0:
        return None
    value = shortage * MILLION * WEIGHT_ONE * 10
    up, down = _scales(decimals, QUOTE_DECIMALS)
    return max(divide_down(divide_down(value * up, freed), down), 1)


def liability_implied(
    asset_units: int, asset: tuple[int, int, int], liability: tuple[int, int, int]
) -> int:
    """Liability token units that seizing ``asset_units`` pays for, rounded up.

    asset, liability  (price 1e-6, multiplier 1e-6, decimals) of each
    """
    (asset_price, asset_multiplier, asset_decimals) = asset
    (price, multiplier, decimals) = liability
    _refuse_zero(price * asset_multiplier)
    up, down = _scales(decimals, asset_decimals)
    value = asset_units * up * asset_price * multiplier
    return divide_up(divide_up(value, price * asset_multiplier), down)


def asset_seized(
    balance: int, liability_units: int, asset: tuple[int, int, int], liability: tuple[int, int, int]
) -> int:
    """Asset token units that a liquidator gets for ``liability_units``, down, at least 1.

    The whole ``balance`` when what would remain (or be missing) is worth less than a dollar.
    asset, liability  (price 1e-6, multiplier 1e-6, decimals) of each
    """
    (asset_price, asset_multiplier, asset_decimals) = asset
    (price, multiplier, decimals) = liability
    _refuse_zero(asset_price * multiplier)
    up, down = _scales(asset_decimals, decimals)
    value = liability_units * up * price * asset_multiplier
    units = max(divide_down(divide_down(value, asset_price * multiplier), down), 1)
    rest = abs(balance - units) * asset_price
    return balance if rest < MILLION * 10**asset_decimals else units


def liquidation_fee(base: int, largest: int, slots: int, grace: int, per_slot: int) -> int:
    """Liquidator's fee (1e-6) ``slots`` after the account was last active.

    ``base`` during the grace, then base + ``per_slot`` for every slot from the first one on (not
    from the end of the grace), up to ``largest``.
    """
    if slots < grace:
        return base
    return min(base + slots * per_slot, largest)


def insurance_fee_perp(
    shortage: int,
    base: int,
    ratio: int,
    liquidator_fee: int,
    prices: tuple[int, int],
    largest: int,
    safety: Fraction,
) -> int:
    """Insurance fund's fee (1e-6) on a perpetual: a safe share of the margin left free, down.

    min(largest, safety x (ratio - liquidator's fee - shortage / (base x price))), not below 0.
    prices  (oracle, quote asset), 1e-6; base 1e-9; ratio 1e-4; safety 0.95 keeps the fee from
    making the account bankrupt. 0 when a price or the base is 0, or the ratio is not above the fee.
    """
    price = divide_down(prices[0] * prices[1], MILLION)
    room = ratio * RATIO_TO_FEE - liquidator_fee
    if price == 0 or base == 0 or room <= 0:
        return 0
    needed = divide_down(divide_down(shortage * BASE_UNIT, base) * MILLION, price)
    return min(largest, floor_of(max(room - needed, 0) * safety))


def insurance_fee_spot(
    shortage: int,
    units: int,
    asset: tuple[int, int],
    liability: tuple[int, int],
    price: int,
    decimals: int,
    largest: int,
) -> int:
    """Insurance fund's fee (1e-6) on a borrow, as a share of the liability's weight, down.

    min(largest, (w_l - w_a m_a / m_l - shortage / (amount x price)) / w_l), not below 0.
    asset, liability  (weight 1e-4, multiplier 1e-6); 0 when price, amount or a multiplier is 0, or
    the asset's weight is not below the liability's
    """
    (asset_weight, asset_multiplier), (weight, multiplier) = asset, liability
    if asset_weight >= weight or 0 in (price, units, asset_multiplier, multiplier):
        return 0
    weight *= RATIO_TO_FEE
    held = divide_down(asset_weight * RATIO_TO_FEE * asset_multiplier, multiplier)
    needed = divide_down(divide_down(shortage * MILLION * 10**decimals, units), price)
    room = max(max(weight - held, 0) - needed, 0)
    return min(largest, divide_down(room * MILLION, weight))


def largest_share(shortage: int, slots: int, initial: int, duration: int, freed: int = 0) -> int:
    """Share (1e-4) of the shortage that may be cured now.

    All of it below $50; otherwise slots / duration + ``initial`` of the whole shortage, what was
    freed so far included, less what was freed. shortage, freed 1e-6; initial 1e-4
    """
    if shortage < SMALL_SHORTAGE:
        return WEIGHT_ONE
    ramp = divide_down(slots * WEIGHT_ONE, duration) if duration > 0 else WEIGHT_ONE
    share = min(ramp + initial, WEIGHT_ONE)
    freeable = max(divide_down((shortage + freed) * share, WEIGHT_ONE) - freed, 0)
    return divide_down(freeable * WEIGHT_ONE, shortage)


def _scales(to_decimals: int, from_decimals: int) -> tuple[int, int]:
    """Multiplier and divisor from units of 10^-from to units of 10^-to."""
    more = to_decimals - from_decimals
    return (10**more, 1) if more > 0 else (1, 10**-more)


def _refuse_zero(product: int) -> None:
    if product == 0:
        raise InputError("a price or a multiplier is 0", expected="both above 0")
