"""Implied volatility of European options on a forward, and why a quote has none.

Inside the no-arbitrage bounds, intrinsic < price < bound (the forward of a call, the strike of a
put), there is exactly one volatility and it is found; outside, the reason is given per quote and
the volatility is NaN. A found volatility reprices its quote to 1e-14 of the price, or as closely as
neighbouring doubles of volatility can: a relative change of 2e-16 in it moves a price by
2e-16 x vega x vol. Prices in quote before discounting; a price in coin is multiplied by the forward
first. The compiled version is :mod:`seawall.valuation.implied_kernel` (guess and steps there); the
plain twin here brackets and takes Newton steps. Source: Jaeckel (2015), Let's be rational, Wilmott.
Wrong where the price is a rounded one: near intrinsic a tick of price is many points of volatility.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.valuation import implied_reason_kernel as code
from seawall.valuation.black import LEAST, SERIES, distance, small_drop
from seawall.valuation.fastblack import columns, table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_STEPS = 200
_LARGEST = 90.0  # total volatility at which no double is left between price and bound
_FARTHEST = 45.0  # standard deviations beyond which no price is a double


class Reason(IntEnum):
    """Why a quote has no implied volatility; :attr:`sentence` says it in words."""

    FOUND = code.FOUND
    NOT_FINITE = code.NOT_FINITE
    NO_PRICES = code.NO_PRICES
    EXPIRED = code.EXPIRED
    BELOW_INTRINSIC = code.BELOW_INTRINSIC
    AT_INTRINSIC = code.AT_INTRINSIC
    ABOVE_BOUND = code.ABOVE_BOUND
    CROSSED = code.CROSSED

    @property
    def sentence(self) -> str:
        """What is wrong with the quote, and what would be right."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.FOUND: "The volatility was found.",
    Reason.NOT_FINITE: "A price, strike or time is missing or not finite.",
    Reason.NO_PRICES: "Forward and strike must be above 0.",
    Reason.EXPIRED: "The option has expired: time to expiry must be above 0.",
    Reason.BELOW_INTRINSIC: "The price is below the intrinsic value: no volatility gives it.",
    Reason.AT_INTRINSIC: "The price is the intrinsic value: any volatility near 0 gives it.",
    Reason.ABOVE_BOUND: (
        "The price is not below its upper bound (the forward for a call, the strike for a put): "
        "no volatility gives it."
    ),
    Reason.CROSSED: "The bid is above the ask: the quote is crossed.",
}


@dataclass(frozen=True)
class ImpliedVolatility:
    """Annual volatility as a fraction (n,), NaN where ``reason`` (n,) is not Reason.FOUND."""

    volatility: Floats
    reason: NDArray[np.int8]

    @property
    def found(self) -> Bools:
        """Where there is a volatility, (n,)."""
        where: Bools = self.reason == Reason.FOUND
        return where

    def counts(self) -> dict[Reason, int]:
        """How many quotes there are of each reason that occurs."""
        values, numbers = np.unique(self.reason, return_counts=True)
        return {Reason(v): int(n) for v, n in zip(values, numbers, strict=True)}


@dataclass(frozen=True)
class ImpliedQuote:
    """Volatilities of the two sides of each quote. A crossed quote has neither."""

    bid: ImpliedVolatility
    ask: ImpliedVolatility


def implied_volatility(
    price: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, call: ArrayLike
) -> ImpliedVolatility:
    """The volatility at which Black's value is ``price``, for columns (n,) or single numbers.

    price, forward and strike in quote, undiscounted; years to expiry; call True or False. Raises
    InputError when the columns' lengths differ; a bad quote is a reason, not an error.
    """
    from seawall.valuation import implied_kernel

    numbers, calls = columns((price, forward, strike, years), call)
    p, f, k, t = numbers
    if not implied_kernel.implied.ready():
        return plain_implied_volatility(p, f, k, t, calls)
    volatility, why = np.empty(calls.size), np.empty(calls.size, dtype=np.int8)
    implied_kernel.implied(table(), p, f, k, t, calls, volatility, why)
    return ImpliedVolatility(volatility, why)


def implied_quote(
    bid: ArrayLike,
    ask: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    call: ArrayLike,
) -> ImpliedQuote:
    """Volatilities of bids and asks, as :func:`implied_volatility`; crossed quotes are refused."""
    (b, a, f, k, t), calls = columns((bid, ask, forward, strike, years), call)
    crossed = b > a

    def side(price: Floats) -> ImpliedVolatility:
        found = implied_volatility(price, f, k, t, calls)
        return ImpliedVolatility(
            np.where(crossed, math.nan, found.volatility),
            np.where(crossed, np.int8(Reason.CROSSED), found.reason),
        )

    return ImpliedQuote(side(b), side(a))


def prepare() -> None:
    """Compile the kernel now, or load it from the cache."""
    from seawall.valuation import implied_kernel

    implied_kernel.implied.compile()


def plain_implied_volatility(
    price: Floats, forward: Floats, strike: Floats, years: Floats, call: Bools
) -> ImpliedVolatility:
    """The same in NumPy, slow and obvious; inputs are columns of one length.

    On the out-of-the-money price: Newton's method on its logarithm (in the upper half of the
    prices, on the logarithm of what is left to the bound), kept inside a bracket that each step
    shrinks, and halved where Newton leaves it.
    """
    reason = reasons(price, forward, strike, years, call)
    ok = reason == Reason.FOUND
    volatility = np.full(price.shape, math.nan)
    p, f, k, t, is_call = price[ok], forward[ok], strike[ok], years[ok], call[ok]
    outside = p - np.maximum(np.where(is_call, f - k, k - f), 0.0)
    volatility[ok] = _total_volatility(outside, f, k) / np.sqrt(t)
    return ImpliedVolatility(volatility, reason)


def reasons(
    price: Floats, forward: Floats, strike: Floats, years: Floats, call: Bools
) -> NDArray[np.int8]:
    """For each quote the first reason that applies, Reason.FOUND where none does; (n,) codes."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        intrinsic = np.maximum(np.where(call, forward - strike, strike - forward), 0.0)
        time_value = price - intrinsic
        smaller = np.minimum(forward, strike)
        scale = np.sqrt(np.clip(forward, 1e-150, 1e150) * np.clip(strike, 1e-150, 1e150))
        conditions = [
            ~np.isfinite(price + forward + strike + years),
            (forward <= 0.0) | (strike <= 0.0),
            years <= 0.0,
            price < intrinsic,
            (price >= np.where(call, forward, strike)) | (time_value >= smaller),
            time_value / scale <= code.SMALLEST,
        ]
    names = [
        Reason.NOT_FINITE,
        Reason.NO_PRICES,
        Reason.EXPIRED,
        Reason.BELOW_INTRINSIC,
        Reason.ABOVE_BOUND,
        Reason.AT_INTRINSIC,
    ]
    return np.select(conditions, [int(name) for name in names], int(Reason.FOUND)).astype(np.int8)


def _total_volatility(outside: Floats, f: Floats, k: Floats) -> Floats:
    """Total volatility s of out-of-the-money prices strictly inside their bounds."""
    scale = np.sqrt(f * k)
    b, x = outside / scale, distance(f, k)
    left = (np.minimum(f, k) - outside) / scale
    upper = b > left
    low = np.maximum(x / _FARTHEST, 2.0 * b)
    high = np.full_like(b, _LARGEST)
    s = np.sqrt(low) * np.sqrt(high)
    target = np.log(np.where(upper, left, b))
    todo = np.ones(b.shape, dtype=bool)
    for step in range(_STEPS):
        log_b, log_left = _log_price(x[todo], s[todo])
        here = np.where(upper[todo], log_left, log_b)
        miss = np.where(upper[todo], target[todo] - here, here - target[todo])
        at, width = s[todo], (high - low)[todo]
        density = -0.5 * ((x[todo] / at) ** 2 + (0.5 * at) ** 2) - 0.5 * math.log(2.0 * math.pi)
        low[todo] = np.where(miss <= 0.0, at, low[todo])
        high[todo] = np.where(miss > 0.0, at, high[todo])
        after = at - miss * np.exp(here - density)
        # Every third step halves the bracket, so that slow Newton steps cannot last.
        away = ~((after > low[todo]) & (after < high[todo])) & (miss != 0.0)
        if step % 3 == 2:
            away |= (high - low)[todo] > 0.5 * width
        middle = np.sqrt(low[todo]) * np.sqrt(high[todo])
        settled = np.abs(after - at) <= 2e-16 * at
        after = np.where(away & ~settled, middle, after)
        s[todo] = after
        still = np.abs(after - at) > 2e-16 * at
        todo[todo] = still
        if not todo.any():
            break
    return s


def _log_price(x: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Logarithms of b(s) = out-of-the-money value / sqrt(FK) and of what is left to its bound."""
    from scipy.special import erfcx

    h, t = x / s, 0.5 * s
    exponent = -0.5 * (h * h + t * t)
    z1, z2 = (h - t) * math.sqrt(0.5), (h + t) * math.sqrt(0.5)
    below = z1 < LEAST
    near, far = erfcx(np.abs(z1)), erfcx(z2)
    drop = np.where(below, 1.0, erfcx(np.maximum(z1, LEAST)) - far)
    drop = np.where(t < SERIES, small_drop(h, np.minimum(t, SERIES)), drop)
    # What is far from its end is taken directly, the other from the sum of both: exp(-x/2).
    log_b = exponent + np.log(0.5 * drop)
    log_left = exponent + np.log(0.5 * (near + far))
    rest_of = np.where(below, log_left, log_b) + 0.5 * x
    other = np.log(np.maximum(-np.expm1(np.minimum(rest_of, 0.0)), 1e-300)) - 0.5 * x
    return np.where(below, other, log_b), np.where(below, log_left, other)
