"""Shares looked through to what they claim: worth, slopes and curvature in plain assets' prices.

A share's price is its worth by contents times the market's discount or premium to it, and that
ratio stays as it is when prices move (constant basis, as for marks). Worth by contents of one unit,
P the prices of its components:

    staked            exchange rate x P; the rate grows by yield_rate, continuously
    liquidity share   2 sqrt(x y Pa Pb) / supply, the reserves after arbitrage (Angeris and others
                      2019, arXiv 1911.03380): half in each asset, gamma -1/4 of worth in each own
                      price, +1/4 in the cross
    vault share       sum of quantity x P / supply
    pool share        :mod:`seawall.valuation.synthetic`

Components may be shares themselves; the chain rule is applied down to assets that are none.
Wrong about fees still to be earned, withdrawal queues and limits, and a discount that moves with
the price (it widens in a crash, which is a shock of its own).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.instruments import Instrument, Staked
from seawall.market import (
    LiquidityState,
    Market,
    PoolState,
    ShareState,
    StakedState,
)
from seawall.market.shares import components
from seawall.valuation.synthetic import pool_worth

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Claim:
    """The price of one unit of an asset as a function of plain assets' prices.

    price      quote                       ratio    price / worth by contents (1 for plain assets)
    slope      {plain asset: d price / d its price}
    curvature  {(plain asset, plain asset): second derivative}, both orders of a pair listed
    accrual    quote per year that passes, prices unchanged
    """

    price: float
    slope: Mapping[str, float]
    curvature: Mapping[tuple[str, str], float] = field(default_factory=dict)
    accrual: float = 0.0
    ratio: float = 1.0


def claims(market: Market, instruments: Iterable[Instrument]) -> dict[str, Claim]:
    """Every asset of the market as a claim on plain assets; a plain asset claims itself.

    ``instruments`` say what a staked token stands for. Raises InputError when a share's contents
    have no price, are worth nothing, or lead back to the share itself.
    """
    underlying = {item.name: item.underlying for item in instruments if isinstance(item, Staked)}
    found: dict[str, Claim] = {}
    for asset in market.assets:
        _claim(asset, market, underlying, found, ())
    return found


def _claim(
    asset: str,
    market: Market,
    underlying: Mapping[str, str],
    found: dict[str, Claim],
    above: tuple[str, ...],
) -> Claim:
    """The claim of one asset, its components first; ``above`` are the shares that lead to it."""
    if asset in found:
        return found[asset]
    if asset not in market.assets:
        raise InputError(
            f"asset {asset}, which {above[-1] if above else 'a share'} holds, has no price",
            column="spot",
            expected=f"an entry for {asset} among the market's assets",
        )
    if asset in above:
        raise InputError(
            f"share {asset} holds itself, by way of {', '.join(above)}",
            expected="shares whose contents lead to plain assets",
        )
    spot = market.assets[asset].spot
    state = market.shares.get(asset)
    if state is None:
        found[asset] = Claim(spot, {asset: 1.0})
        return found[asset]
    names = components(state, underlying.get(asset, ""))
    parts = [_claim(name, market, underlying, found, (*above, asset)) for name in names]
    prices = {name: part.price for name, part in zip(names, parts, strict=True)}
    worth, slope, curvature = contents(state, names, prices)
    if worth <= 0.0:
        raise InputError(
            f"share {asset} is worth {worth:g} by its contents, at the market's prices",
            expected="contents worth more than 0; a pool that owes more than it owns has no share",
        )
    ratio = spot / worth
    gained = state.yield_rate * worth if isinstance(state, StakedState) else 0.0
    accrual = ratio * (gained + sum(s * p.accrual for s, p in zip(slope, parts, strict=True)))
    found[asset] = Claim(
        spot, *_chained(ratio * slope, ratio * curvature, parts), float(accrual), ratio
    )
    return found[asset]


def contents(
    state: ShareState, names: tuple[str, ...], prices: Mapping[str, float]
) -> tuple[float, Floats, Floats]:
    """Worth of one share by its contents (quote), slopes (m,) and curvature (m, m) in ``names``."""
    price = np.array([prices[name] for name in names])
    flat = np.zeros((len(names), len(names)))
    if isinstance(state, StakedState):
        return float(state.exchange_rate * price[0]), np.array([state.exchange_rate]), flat
    if isinstance(state, LiquidityState):
        reserves = np.array([state.reserves[name] for name in names])
        # Roots first: products of reserves and prices may leave double precision.
        worth = 2.0 * float(np.prod(np.sqrt(reserves) * np.sqrt(price))) / state.supply
        cross = np.array([[-0.25, 0.25], [0.25, -0.25]])
        return worth, 0.5 * worth / price, worth * cross / np.outer(price, price)
    if isinstance(state, PoolState):
        worth, slope = pool_worth(state, names, prices)
        return worth, slope, flat
    slope = np.array([state.holdings[name] for name in names]) / state.supply
    return float(slope @ price), slope, flat


def _chained(
    slope: Floats, curvature: Floats, parts: list[Claim]
) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Chain rule: slopes and curvature in components to those in plain assets."""
    first: dict[str, float] = defaultdict(float)
    second: dict[tuple[str, str], float] = defaultdict(float)
    for j, part in enumerate(parts):
        for asset, inner in part.slope.items():
            first[asset] += float(slope[j]) * inner
        for pair, bend in part.curvature.items():
            second[pair] += float(slope[j]) * bend
        for k, other in enumerate(parts):
            if curvature[j, k] == 0.0:
                continue
            for a, inner in part.slope.items():
                for b, outer in other.slope.items():
                    second[a, b] += float(curvature[j, k]) * inner * outer
    return dict(first), {pair: bend for pair, bend in second.items() if bend != 0.0}
