"""Liquidation prices in closed form, venue by venue: where equity meets maintenance.

Space: one position, everything else held still. Sizes are signed (long > 0), prices in quote.
Numbers may be floats or exact fractions (`fractions.Fraction`): the result is of the same kind, so
venues that round to a tick can be followed exactly. None means that no price above 0 liquidates
the position, as when its margin exceeds its value.

Linear. Equity(p) = margin + others' profit + size (p - entry); maintenance(p) = |size| p rate -
deduction + others' maintenance. Equal at
    p = (size entry - margin - profit + maintenance of others - deduction) / (size - |size| rate).
Binance (one-way; isolated with nothing of others), dYdX v4 (deduction 0), OKX and Gate (rate +
taker fee) and Hyperliquid (from today's price and free margin) are this form.
Inverse. Equity(p) = margin + size (1/entry - 1/p) coins; the same with 1/p in place of p.
Sources: Binance, how to calculate liquidation price (USDT-M and coin-M); Bybit help centre, USDT
contract, isolated mode, and inverse contract (article 360039261334); OKX and Gate margin pages;
Hyperliquid docs, liquidations; Aave v3.
Wrong when other positions move with this one: then only a search over the whole account tells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from seawall.foundation.errors import InputError

N = TypeVar("N", float, Fraction)
LONG = "long"


def linear_crossing(
    *,
    size: N,
    entry: N,
    margin: N,
    rate: N,
    deduction: N,
    other_maintenance: N,
    other_profit: N,
) -> N:
    """Where a linear position's equity meets its maintenance, as venues publish the formula.

    At 0 or below no market price liquidates a long. Units and errors as in
    :func:`linear_liquidation_price`.
    """
    _refuse(size, rate)
    free = margin + other_profit - other_maintenance + deduction
    return (size * entry - free) / (size - abs(size) * rate)


def linear_liquidation_price(
    *,
    size: N,
    entry: N,
    margin: N,
    rate: N,
    deduction: N,
    other_maintenance: N,
    other_profit: N,
) -> N | None:
    """Liquidation price of a linear position under one maintenance rate.

    size          base units, signed
    entry         quote; or any other price, when ``margin`` is the equity at that price
    margin        cross: wallet balance; isolated: the position's margin. Settlement units
    rate          maintenance rate, below 1       deduction  of the tier ("cum"), quote
    other_maintenance, other_profit   of the cross account's other positions; 0 when isolated

    Raises InputError for a size of 0 or a rate of 1 or more.
    """
    price = linear_crossing(
        size=size,
        entry=entry,
        margin=margin,
        rate=rate,
        deduction=deduction,
        other_maintenance=other_maintenance,
        other_profit=other_profit,
    )
    return price if price > 0 else None


def inverse_liquidation_price(
    *,
    size: N,
    entry: N,
    margin: N,
    rate: N,
    deduction: N,
    other_maintenance: N,
    other_profit: N,
) -> N | None:
    """Liquidation price of an inverse position: size in quote contracts of 1, the rest in coin.

    deduction in coin, as on Binance coin-M. A short whose margin covers its whole value cannot be
    liquidated: None. Raises InputError for a size of 0 or a rate of 1 or more.
    """
    _refuse(size, rate)
    free = margin + other_profit - other_maintenance + deduction
    coins = size / entry + free
    contracts = size + abs(size) * rate
    # Long: both above 0. Short: both below 0, otherwise the margin covers any rise.
    return contracts / coins if coins * contracts > 0 else None


def tiered_liquidation_price(
    *,
    size: N,
    entry: N,
    margin: N,
    rates: Sequence[N],
    deductions: Sequence[N],
    inverse: bool,
) -> N | None:
    """Liquidation price over a whole tier table: the tier is that of the notional at that price.

    rates, deductions (t,) of the tiers, deductions in quote (inverse: in coin). margin: cross, the
    wallet balance plus profit less maintenance of the other positions. Maintenance is the
    largest of the tiers' lines, so equity less maintenance is the smallest of lines that all rise
    towards safety: the first line to be crossed is that of the tier which holds the notional at its
    own price. So no iteration over the tiers is needed. An inverse position whose tiers are in
    quote stays in one tier: give its rate - deduction / |size| as the rate.
    """
    form, zero = inverse_liquidation_price if inverse else linear_liquidation_price, size - size
    prices = [
        price
        for rate, deduction in zip(rates, deductions, strict=True)
        if (
            price := form(
                size=size,
                entry=entry,
                margin=margin,
                rate=rate,
                deduction=deduction,
                other_maintenance=zero,
                other_profit=zero,
            )
        )
        is not None
    ]
    if not prices:
        return None
    return max(prices) if size > 0 else min(prices)


def linear_with_closing_fee(*, size: N, entry: N, margin: N, rate: N, taker_fee: N) -> N | None:
    """Liquidation price on OKX and Gate; units as in :func:`linear_liquidation_price`."""
    price = linear_crossing_with_fee(
        size=size, entry=entry, margin=margin, rate=rate, taker_fee=taker_fee
    )
    return price if price > 0 else None


def linear_crossing_with_fee(*, size: N, entry: N, margin: N, rate: N, taker_fee: N) -> N:
    """OKX's and Gate's isolated linear form: (entry -+ margin/size) / (1 -+ (rate + taker fee)).

    The fee of closing counts as maintenance. May be 0 or below, as :func:`linear_crossing`.
    """
    zero = size - size
    return linear_crossing(
        size=size,
        entry=entry,
        margin=margin,
        rate=rate + taker_fee,
        deduction=zero,
        other_maintenance=zero,
        other_profit=zero,
    )


def from_free_margin(*, size: N, price: N, free_margin: N, rate: N) -> N | None:
    """Hyperliquid's form: price - side x free margin / |size| / (1 - rate x side).

    free_margin = account value - maintenance (cross), or isolated margin - maintenance, at
    ``price``; rate = maintenance rate of the position's tier. Wrong where the notional at the
    result lies in another tier: :func:`tiered_liquidation_price` knows.
    """
    _refuse(size, rate)
    found = price - free_margin / (size - abs(size) * rate)
    return found if found > 0 else None


def bybit_linear_isolated(*, size: N, entry: N, margin: N, maintenance: N) -> N | None:
    """Liquidation price of an isolated linear position on Bybit; see :func:`bybit_linear_crossing`.

    A long is liquidated a little earlier than under Binance's form.
    """
    price = bybit_linear_crossing(size=size, entry=entry, margin=margin, maintenance=maintenance)
    return price if price > 0 else None


def bybit_linear_crossing(*, size: N, entry: N, margin: N, maintenance: N) -> N:
    """Bybit's isolated linear form: entry -+ (margin - maintenance) / |size|; may be 0 or below.

    margin = initial margin (entry value / leverage) + margin added later; maintenance = entry value
    x rate - deduction, at entry and not at the liquidation price.
    """
    return entry - (margin - maintenance) / size


def bybit_inverse_isolated(*, size: N, entry: N, margin: N, maintenance: N) -> N | None:
    """Bybit's isolated inverse form: Q / (Q/entry +- (margin - maintenance)), + long, - short.

    size in quote contracts, signed; margin and maintenance in coin, at entry.
    """
    coins = size / entry + (margin - maintenance)
    return size / coins if coins * size > 0 else None


def inverse_isolated_bankruptcy_price(*, side: str, entry: N, leverage: N) -> N | None:
    """Where an isolated inverse position has lost its margin: entry L / (L + 1), short L / (L - 1).

    None for a short at leverage 1: no price takes all of its margin.
    """
    below = leverage + 1 if side == LONG else leverage - 1
    return entry * leverage / below if below > 0 else None


def inverse_cross_bankruptcy_price(*, size: N, entry: N, balance: N, taker_fee: N) -> N | None:
    """Where a cross inverse position and the fee of closing it have eaten the balance.

    Long (1 + fee) Q / (Q/entry + balance), short (1 - fee) Q / (Q/entry - balance); size in quote
    contracts, signed; balance in coin, orders' margin taken off.
    """
    coins = size / entry + balance
    contracts = size + abs(size) * taker_fee
    return contracts / coins if coins * contracts > 0 else None


def bybit_inverse_cross(
    *, size: N, entry: N, balance: N, order_margin: N, rate: N, taker_fee: N
) -> tuple[N, N] | None:
    """Bybit's cross inverse bankruptcy and liquidation prices, neither rounded to a tick.

    Q (1/entry - 1/p) = -(balance - order margin - Q/entry rate - fee Q / bankruptcy price) for a
    long; maintenance is at entry. Published prices are rounded up: :func:`to_tick_above`.
    None when no price liquidates the position.
    """
    free = balance - order_margin
    bankrupt = inverse_cross_bankruptcy_price(
        size=size, entry=entry, balance=free, taker_fee=taker_fee
    )
    if bankrupt is None:
        return None
    held = abs(size) / entry * rate + taker_fee * abs(size) / bankrupt
    price = bybit_inverse_isolated(size=size, entry=entry, margin=free, maintenance=held)
    return None if price is None else (bankrupt, price)


def collateral_liquidation_price(
    *, quantity: N, threshold: N, debt: N, other_collateral: N
) -> N | None:
    """Price of a loan's collateral at which its health factor is 1 (Aave v3).

    debt in quote; other_collateral = sum of threshold x value of the rest, quote. None when the
    rest covers the debt alone.
    """
    price = (debt - other_collateral) / (quantity * threshold)
    return price if price > 0 else None


def debt_liquidation_price(*, quantity: N, weighted_collateral: N, other_debt: N) -> N | None:
    """Price of a borrowed asset at which the health factor is 1: what ``quantity`` of it may cost.

    weighted_collateral = sum of threshold x value, other_debt in quote.
    """
    price = (weighted_collateral - other_debt) / quantity
    return price if price > 0 else None


def to_tick_above(price: Fraction | float, tick: Fraction | str) -> Fraction:
    """The price rounded up to a whole number of ticks, exactly; a price on a tick stays.

    Exact only for exact prices: a float that stands a rounding above a tick goes to the next one.
    """
    width = Fraction(tick)
    return math.ceil(Fraction(price) / width) * width


def entry_margins(*, size: N, entry: N, leverage: N, rate: N, deduction: N) -> tuple[N, N, N]:
    """Entry value, initial and maintenance margin of a linear position (Bybit counts at entry).

    value = |size| entry; initial = value / leverage; maintenance = value x rate - deduction.
    """
    value = abs(size) * entry
    return value, value / leverage, value * rate - deduction


def _refuse(size: N, rate: N) -> None:
    """Refuse what has no liquidation price to speak of."""
    if size == 0:
        raise InputError("a position of size 0 has no liquidation price", expected="a size")
    if not 0 <= rate < 1:
        raise InputError(
            f"the maintenance rate is {float(rate):g}", expected="a fraction from 0 to below 1"
        )
