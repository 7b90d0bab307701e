"""dYdX v4 liquidation orders in whole numbers: at which price, how much, who pays the difference.

A liquidatable account's position is offered at its fillable price, which moves from the oracle
price towards a spread that grows as the account nears bankruptcy:

    fillable price = (NN - ABR x SMMR x MMR of the position) / q
    ABR            = BA x (1 - net collateral / maintenance), between 0 and 1

What the fill brings beyond the bankruptcy value goes to the insurance fund, up to a largest fee;
what it lacks the fund pays, and if the fund cannot, the account is deleveraged (waterfall).
Source: dydxprotocol/v4-chain, x/clob/keeper/liquidations (facts restated). Wrong when the order
book is thin: which prices are filled at is not known here. The loop does not use it yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key

from seawall.foundation.errors import InputError
from seawall.foundation.exact import MILLION, ppm_down
from seawall.margin.protocols.dydx_exact import (
    Market,
    Risk,
    Subaccount,
    account_risk,
    bankruptcy_value,
    net_notional,
    position_of,
    position_risk,
    riskier,
)


@dataclass(frozen=True)
class FillablePriceRule:
    """Bankruptcy adjustment (BA) and spread to maintenance margin ratio (SMMR), ppm."""

    bankruptcy_adjustment_ppm: int = 1_000_000
    spread_to_maintenance_ppm: int = 100_000


@dataclass(frozen=True)
class BlockLimits:
    """The most that one block liquidates; notionals in quote quantums.

    smallest_notional    of one position; at most the position itself
    largest_share_ppm    of one position's notional
    account_notional     of one subaccount over the block
    account_fund_loss    paid by the insurance fund for one subaccount over the block
    """

    smallest_notional: int = 1_000
    largest_share_ppm: int = 1_000_000
    account_notional: int = 100_000_000_000_000
    account_fund_loss: int = 100_000_000_000_000


@dataclass(frozen=True)
class BlockUsed:
    """What one subaccount has used of its limits in this block, quote quantums."""

    notional: int = 0
    fund_loss: int = 0


def fillable_price(account: Subaccount, name: str, rule: FillablePriceRule) -> Fraction:
    """Price of the liquidation order, quote quantums per base quantum, exact.

    It depends on the whole position, not on how much is closed. Raises InputError when the position
    is empty or nothing is margined.
    """
    position = position_of(account, name)
    total, own = account_risk(account), position_risk(position)
    if position.size == 0 or total.maintenance == 0:
        raise InputError(f"{name!r} is empty", expected="a position with a maintenance margin")
    rating = 1 - Fraction(total.net_collateral, total.maintenance)
    rating = min(
        max(rating * Fraction(rule.bankruptcy_adjustment_ppm, MILLION), Fraction(0)), Fraction(1)
    )
    spread = rating * Fraction(rule.spread_to_maintenance_ppm, MILLION) * own.maintenance
    return (own.net_collateral - spread) * Fraction(1, position.size)


def insurance_fund_delta(
    account: Subaccount, name: str, delta: int, fill_quote: int, largest_fee_ppm: int
) -> int:
    """Quote quantums that a fill gives the insurance fund (> 0) or takes from it (< 0).

    delta       change of the liquidated position, base quantums: sells are negative
    fill_quote  quote quantums of the fill, >= 0, received for sells and paid for buys
    The gain is capped at ``largest_fee_ppm`` of the fill, rounded down; a loss is not.
    """
    received = fill_quote if delta < 0 else -fill_quote
    beyond = received - bankruptcy_value(account, name, delta)
    if beyond <= 0:
        return beyond
    return min(beyond, ppm_down(fill_quote, largest_fee_ppm))


def fund_can_pay(balance: int, delta: int) -> bool:
    """True when the fund gains, or holds what it has to pay."""
    return delta >= 0 or balance + delta >= 0


def liquidation_order(risks: list[Risk]) -> list[int]:
    """Places of the liquidatable accounts, riskiest first; equal ones keep their order."""

    def after(one: int, two: int) -> int:
        return riskier(risks[two], risks[one])

    liquidatable = [n for n, risk in enumerate(risks) if risk.liquidatable]
    return sorted(liquidatable, key=cmp_to_key(after))


def size_to_liquidate(
    account: Subaccount, name: str, limits: BlockLimits, used: BlockUsed, step: int
) -> int:
    """Change of the position that one liquidation order of this block asks for, base quantums.

    Everything when the limits allow it or the position is one ``step`` or less; otherwise what the
    allowed notional buys at the oracle price, down to whole steps, at least one step.
    """
    position = position_of(account, name)
    size, notional = position.size, abs(position_risk(position).net_collateral)
    smallest = min(limits.smallest_notional, notional)
    largest = max(ppm_down(notional, limits.largest_share_ppm), smallest)
    allowed = min(largest, limits.account_notional - used.notional)
    if notional <= allowed or abs(size) <= step:
        return -size
    wanted = _base_quantums(position.market, allowed)
    closed = min(max(wanted - wanted % step, step), abs(size))
    return -closed if size > 0 else closed


def within_limits(
    market: Market, fill: int, fund_delta: int, limits: BlockLimits, used: BlockUsed
) -> bool:
    """True when a fill of ``fill`` base quantums keeps within the subaccount's block limits."""
    if abs(net_notional(market, fill)) > limits.account_notional - used.notional:
        return False
    return -fund_delta <= limits.account_fund_loss - used.fund_loss


def _base_quantums(market: Market, notional: int) -> int:
    """Base quantums that ``notional`` >= 0 buys, rounded down."""
    return notional * market.price.denominator // market.price.numerator
