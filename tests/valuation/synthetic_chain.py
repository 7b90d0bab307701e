"""A chain whose quotes lie evenly around a known surface: what a fit must give back."""

from __future__ import annotations

import numpy as np

from seawall.market.surface import Slices, slice_derivatives
from seawall.valuation.black import black
from seawall.valuation.surface_quotes import ChainRows, ExpiryQuotes, SurfaceQuotes

YEARS = np.array([3.0, 10.0, 30.0, 90.0, 250.0]) / 365.0
FORWARD = 50_000.0 * np.exp(0.04 * YEARS)
DEVIATIONS = np.linspace(-3.5, 3.5, 25)


def exact_quotes(slices: Slices, half_spread: float = 0.002) -> SurfaceQuotes:
    """Bid and ask volatilities evenly around those of ``slices``, 25 strikes per expiry."""
    expiries = []
    for i, years in enumerate(YEARS):
        curve = slices.at(i)
        k = DEVIATIONS * np.sqrt(slice_derivatives(curve, 0.0)[0])
        volatility = np.sqrt(slice_derivatives(curve, k)[0] / years)
        expiries.append(
            ExpiryQuotes(
                years=float(years),
                forward=float(FORWARD[i]),
                strike=FORWARD[i] * np.exp(k),
                log_moneyness=k,
                bid_volatility=volatility - half_spread,
                ask_volatility=volatility + half_spread,
                vega=np.ones_like(k),
                dropped={},
            )
        )
    return SurfaceQuotes("BTC", None, tuple(expiries), {})


def chain_of(slices: Slices, half_spread: float = 0.01, years: np.ndarray = YEARS) -> ChainRows:
    """Coin prices of calls and puts on both sides of every strike of that surface."""
    strike, call, bid, ask, when, forward = [], [], [], [], [], []
    for i, t in enumerate(years):
        curve = slices.at(i)
        for z in DEVIATIONS:
            k = float(z * np.sqrt(slice_derivatives(curve, 0.0)[0]))
            volatility = float(np.sqrt(slice_derivatives(curve, k)[0] / t))
            for is_call in (True, False):
                low, high = (
                    float(black(1.0, np.exp(k), t, volatility + s, is_call))
                    for s in (-half_spread, half_spread)
                )
                strike.append(FORWARD[i] * np.exp(k))
                call.append(is_call)
                bid.append(low)
                ask.append(high)
                when.append(float(t))
                forward.append(FORWARD[i])
    return ChainRows(
        "BTC",
        None,
        *(np.array(x) for x in (when, forward, strike)),
        np.array(call),
        np.array(bid),
        np.array(ask),
    )
