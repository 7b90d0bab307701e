"""European options on a forward, undiscounted (Black 1976): value and Greeks.

Idea: price the out-of-the-money side, which is small and therefore accurate, and add the intrinsic
value. With h = |ln(F/K)|/s, s = vol sqrt(T), t = s/2, z = (h -+ t)/sqrt 2 and erfcx the scaled
complementary error function:

    out-of-the-money value = sqrt(F K) exp(-(h^2 + t^2)/2) (erfcx(z1) - erfcx(z2)) / 2

which serves calls and puts alike. Where no digits are lost the textbook's difference of two normals
is taken instead, at half the cost. Three places need care. Near the money the logarithm is taken of
1 + (F - K)/K, because F/K has lost the digits that h is made of. At small t the difference is a
series in t. And where z1 is far below 0 the value is taken down from its upper bound min(F, K).
Relative error of the out-of-the-money value against 50 digits: below 2e-13 on a realistic book and
below 1e-12 for T from 1e-6 years, volatility 1% to 500% and 30 standard deviations; most of it is
the rounding of h, times h^2. Discounting and the coin of settlement belong to the caller
(:mod:`seawall.valuation.inverse`, :mod:`seawall.valuation.discounted`). The compiled twin is
:mod:`seawall.valuation.fastblack`. Source: Black (1976), Journal of Financial Economics 3.
Wrong when the forward jumps or its volatility is not one number per strike and expiry: implied
volatility per instrument hides that at today's prices, not in the Greeks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Prices are taken to be within these: their products and quotients stay finite.
_LOWEST, _HIGHEST = 1e-150, 1e150
# Total volatility vol sqrt(T) at or below which the option is its intrinsic value.
_SETTLED = 1e-12
# Standard deviations beyond which nothing changes: exp(-d^2/2) is 0 long before.
_FAR = 1e3
# z1 below which the value is taken from its upper bound.
LEAST = -0.5
# t = s/2 below which the difference of erfcx is a series.
SERIES = 0.05
_TERMS = 9  # of that series
_HALF_ROOT = math.sqrt(0.5)
# Where the difference of the two normals is below this part of the first, or the first below _TAIL,
# the textbook's formula has lost digits: entries that get the careful one.
_CANCELLED = 0.04
_TAIL = 1e-7
_PART = 4096
# Standard deviations beyond which Taylor's higher terms are noise, and negligible.
_FAR_OUT = 40.0


@dataclass(frozen=True)
class OptionGreeks:
    """Value of one option and its derivatives; every field has the broadcast shape of the inputs.

    value  quote per base unit        delta  per unit of the forward (calls 0..1, puts -1..0)
    gamma  delta per unit of forward  vega   quote per 1.00 of annual volatility
    theta  quote per year of time passing (<= 0 here: nothing is discounted)
    vanna  vega per unit of forward   volga  vega per 1.00 of volatility
    """

    value: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    vanna: Floats
    volga: Floats


def black(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    call: ArrayLike,
) -> Floats:
    """What one European option is worth before discounting, quote per base unit.

    Inputs broadcast: forward and strike in quote, years to expiry, annual volatility as a fraction,
    call True or False. Finite inputs never give NaN; expired (years <= 0) or zero volatility gives
    the intrinsic value, and no result is below it.
    """
    f, k = _price(forward), _price(strike)
    s = _total_volatility(years, volatility)
    sign = np.where(np.asarray(call, dtype=bool), 1.0, -1.0)
    value: Floats = np.maximum(sign * (f - k), 0.0) + _out_of_the_money(f, k, s)
    return value[()]


def greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    call: ArrayLike,
) -> OptionGreeks:
    """Value and six derivatives of one European option, quote, undiscounted.

    Inputs as for :func:`black`. At expiry or zero volatility delta is the step (one half at the
    strike) and the others are 0, although gamma has no finite limit at the strike itself.
    With d1 = ln(F/K)/s + s/2 and d2 = d1 - s: delta N(d1) (put: -N(-d1)), gamma n(d1)/(F s),
    vega F n(d1) sqrt(T), theta -F n(d1) vol/(2 sqrt(T)), vanna -n(d1) d2/vol, volga vega d1 d2/vol.
    """
    from scipy.special import ndtr

    f, k, t, vol, is_call = np.broadcast_arrays(
        _price(forward),
        _price(strike),
        np.maximum(np.asarray(years, dtype=np.float64), 0.0),
        np.maximum(np.asarray(volatility, dtype=np.float64), 0.0),
        np.asarray(call, dtype=bool),
    )
    root = np.sqrt(t)
    s = vol * root
    h = np.where(f < k, -1.0, 1.0) * _deviations(f, k, s)
    d1 = h + 0.5 * s
    d2 = h - 0.5 * s
    per_s = 1.0 / np.maximum(s, _SETTLED)
    # F n(d1) = K n(d2) = sqrt(FK) exp(-(h^2 + t^2)/2) / sqrt(2 pi); it is 0 for settled options.
    weight = np.sqrt(f * k) * np.exp(-0.5 * (h * h + 0.25 * s * s)) / math.sqrt(2.0 * math.pi)
    at_strike = (s <= _SETTLED) & (f == k)
    call_delta = np.where(at_strike, 0.5, ndtr(d1))
    put_delta = np.where(at_strike, -0.5, -ndtr(-d1))
    vega = weight * root
    return OptionGreeks(
        value=black(f, k, t, vol, is_call),
        delta=np.where(is_call, call_delta, put_delta)[()],
        gamma=(weight / f / f * per_s)[()],
        vega=vega[()],
        theta=(-0.5 * weight * vol * vol * per_s)[()],
        vanna=(-weight / f * d2 * root * per_s)[()],
        volga=(vega * d1 * d2 * root * per_s)[()],
    )


def _price(price: ArrayLike) -> Floats:
    """Prices as floats within the range of this file; NaN stays."""
    within: Floats = np.clip(np.asarray(price, dtype=np.float64), _LOWEST, _HIGHEST)
    return within


def distance(f: Floats, k: Floats) -> Floats:
    """|ln(F/K)| with full relative accuracy, also where F is near K; both > 0."""
    log: Floats = np.log1p(np.abs(f - k) / np.minimum(f, k))
    return log


def _deviations(f: Floats, k: Floats, s: Floats) -> Floats:
    """|ln(F/K)|/s up to 1000, full size; a settled option is that far from its strike."""
    away = distance(f, k)
    h = np.divide(
        away, np.maximum(s, _SETTLED), out=np.empty(np.broadcast_shapes(f.shape, k.shape, s.shape))
    )
    np.minimum(h, _FAR, out=h)
    np.copyto(h, _FAR, where=s <= _SETTLED)
    return h


def _out_of_the_money(f: Floats, k: Floats, s: Floats) -> Floats:
    """Value of the call if F < K, else of the put.

    The textbook's difference of two normals, and the careful formula for the entries where that
    difference or the tail would cost digits: they are few in most books.
    """
    from scipy.special import ndtr

    # Two full-size arrays, reused: the cascade calls this on (paths, options) at every step.
    shape = np.broadcast_shapes(f.shape, k.shape, s.shape)
    f, k, s = np.atleast_1d(f), np.atleast_1d(k), np.atleast_1d(s)
    t = np.minimum(0.5 * s, _FAR)
    far = np.divide(f, k, out=np.empty(np.broadcast_shapes(f.shape, k.shape, s.shape)))
    np.log(far, out=far)
    np.abs(far, out=far)
    far /= np.maximum(s, _SETTLED)
    near = np.subtract(t, far, out=np.empty(far.shape))
    ndtr(near, out=near)
    careful = (near < _TAIL) & (near > 0.0)
    near *= np.minimum(f, k)
    far += t
    np.negative(far, out=far)
    ndtr(far, out=far)
    far *= np.maximum(f, k)
    value = np.subtract(near, far, out=far)
    near *= _CANCELLED
    careful |= value < near
    places = np.flatnonzero(careful)
    flat = value.reshape(-1)
    # In parts that stay in the processor's cache.
    for first in range(0, places.size, _PART):
        part = places[first : first + _PART]
        at = np.unravel_index(part, value.shape)
        flat[part] = _careful(*(np.broadcast_to(x, value.shape)[at] for x in (f, k, s)))
    outside: Floats = np.maximum(value, 0.0, out=value).reshape(shape)
    return outside


def _careful(f: Floats, k: Floats, s: Floats) -> Floats:
    """Value of the call if F < K, else of the put, to all digits; columns of one length."""
    h = _deviations(f, k, s)
    t = np.minimum(0.5 * s, _FAR)
    scale = h * h
    scale += t * t
    scale *= -0.5
    np.exp(scale, out=scale)
    scale *= 0.5 * np.sqrt(f * k)
    value = np.empty(h.shape)
    small = t < SERIES
    value[small] = scale[small] * small_drop(h[small], t[small])
    if not small.all():
        rest = ~small
        value[rest] = _by_erfcx(h[rest], t[rest], scale[rest], np.minimum(f, k)[rest])
    return value


def _by_erfcx(h: Floats, t: Floats, scale: Floats, bound: Floats) -> Floats:
    """The same from erfcx at z1 and z2, or from the upper bound where z1 is far below 0."""
    from scipy.special import erfcx

    z1, z2 = (h - t) * _HALF_ROOT, (h + t) * _HALF_ROOT
    below = z1 < LEAST
    near, far = erfcx(np.where(below, -z1, z1)), erfcx(z2)
    value: Floats = np.where(below, bound - scale * (near + far), scale * (near - far))
    return value


def small_drop(h: Floats, t: Floats) -> Floats:
    """erfcx(z1) - erfcx(z2) for small t: Taylor series of Mills' ratio R around h, odd terms.

    R(h) = sqrt(pi/2) erfcx(h/sqrt 2), R' = h R - 1 and R^(n+1) = h R^(n) + n R^(n-1).
    """
    from scipy.special import erfcx

    ratio = math.sqrt(0.5 * math.pi) * erfcx(h * _HALF_ROOT)
    first = h * ratio - 1.0
    lower, upper = ratio, first.copy()
    power, rest = np.ones_like(t), np.zeros_like(t)
    for n in range(1, _TERMS):
        lower *= n
        lower += h * upper
        lower, upper = upper, lower
        power *= t
        power /= n + 1
        if n % 2 == 0:
            rest += power * upper
    # Far out the recurrence has lost its digits, but there the first term is all.
    rest = np.where(h < _FAR_OUT, rest, 0.0)
    drop: Floats = -2.0 * math.sqrt(2.0 / math.pi) * t * (first + rest)
    return drop


def _total_volatility(years: ArrayLike, volatility: ArrayLike) -> Floats:
    """Standard deviation of the log of the forward at expiry; negative inputs count as 0."""
    t = np.maximum(np.asarray(years, dtype=np.float64), 0.0)
    total: Floats = np.maximum(np.asarray(volatility, dtype=np.float64), 0.0) * np.sqrt(t)
    return total
