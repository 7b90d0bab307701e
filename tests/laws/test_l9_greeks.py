"""L9: analytic Greeks equal finite differences; put-call parity holds; inverse equals linear
through the change of numeraire.

Differences are taken of a 50-digit Black value, so their error (step^2 with step 1e-12) is far
below the tolerance and every digit of disagreement belongs to the formula under test.
"""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.valuation.black import black, greeks
from seawall.valuation.inverse import coin_greeks

FORWARDS = st.floats(10.0, 1e5)
MONEYNESS = st.floats(0.4, 2.5)
YEARS = st.floats(0.01, 3.0)
VOLATILITY = st.floats(0.1, 2.0)
STEP = mpmath.mpf("1e-12")


def value(f: mpmath.mpf, k: mpmath.mpf, t: mpmath.mpf, v: mpmath.mpf, call: bool) -> mpmath.mpf:
    s = v * mpmath.sqrt(t)
    d1 = mpmath.log(f / k) / s + s / 2
    sign = 1 if call else -1
    return sign * (f * mpmath.ncdf(sign * d1) - k * mpmath.ncdf(sign * (d1 - s)))


def differences(
    forward: float, strike: float, years: float, volatility: float, call: bool, coin: bool
) -> dict[str, float]:
    """Central differences of V (or V/F in coins) in relative steps of 1e-12."""
    with mpmath.workdps(60):
        f, k, t, v = (mpmath.mpf(x) for x in (forward, strike, years, volatility))
        hf, hv, ht = f * STEP, v * STEP, t * STEP

        def at(a: int, b: int, c: int = 0) -> mpmath.mpf:
            shifted = f + a * hf
            worth = value(shifted, k, t + c * ht, v + b * hv, call)
            return worth / shifted if coin else worth

        return {
            "value": float(at(0, 0)),
            "delta": float((at(1, 0) - at(-1, 0)) / (2 * hf)),
            "gamma": float((at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / hf**2),
            "vega": float((at(0, 1) - at(0, -1)) / (2 * hv)),
            "theta": float(-(at(0, 0, 1) - at(0, 0, -1)) / (2 * ht)),
            "vanna": float((at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * hf * hv)),
            "volga": float((at(0, 1) - 2 * at(0, 0) + at(0, -1)) / hv**2),
        }


@settings(max_examples=60, deadline=None)
@given(FORWARDS, MONEYNESS, YEARS, VOLATILITY, st.booleans())
def test_analytic_greeks_are_the_derivatives(
    forward: float, moneyness: float, years: float, volatility: float, call: bool
) -> None:
    strike = forward * moneyness
    found = greeks(forward, strike, years, volatility, call)
    truth = differences(forward, strike, years, volatility, call, coin=False)
    # Absolute floors in each Greek's own natural scale: tails are tiny, scales are not.
    scale = {
        "value": forward,
        "delta": 1.0,
        "gamma": 1 / forward,
        "vega": forward,
        "theta": forward,
        "vanna": 1.0,
        "volga": forward,
    }
    for name, expected in truth.items():
        assert getattr(found, name) == pytest.approx(expected, rel=1e-8, abs=1e-11 * scale[name]), (
            f"L9: {name} is not the derivative of value"
        )


@settings(max_examples=60, deadline=None)
@given(FORWARDS, MONEYNESS, YEARS, VOLATILITY, st.booleans())
def test_coin_greeks_are_the_derivatives_of_value_over_forward(
    forward: float, moneyness: float, years: float, volatility: float, call: bool
) -> None:
    strike = forward * moneyness
    found = coin_greeks(greeks(forward, strike, years, volatility, call), forward)
    truth = differences(forward, strike, years, volatility, call, coin=True)
    scale = {
        "value": 1.0,
        "delta": 1 / forward,
        "gamma": forward**-2,
        "vega": 1.0,
        "theta": 1.0,
        "vanna": 1 / forward,
        "volga": 1.0,
    }
    for name, expected in truth.items():
        assert getattr(found, name) == pytest.approx(expected, rel=1e-8, abs=1e-11 * scale[name]), (
            f"L9: coin {name} is not the derivative of the coin value"
        )


@given(FORWARDS, MONEYNESS, YEARS, VOLATILITY)
def test_put_call_parity(forward: float, moneyness: float, years: float, volatility: float) -> None:
    strike = forward * moneyness
    call = greeks(forward, strike, years, volatility, True)
    put = greeks(forward, strike, years, volatility, False)
    assert call.value - put.value == pytest.approx(forward - strike, abs=1e-12 * (forward + strike))
    assert call.delta - put.delta == pytest.approx(1.0, abs=1e-14)
    for name in ("gamma", "vega", "theta", "vanna", "volga"):
        assert getattr(call, name) == getattr(put, name), f"L9: parity of {name}"


@given(FORWARDS, MONEYNESS, YEARS, VOLATILITY)
def test_inverse_is_linear_after_the_change_of_numeraire(
    forward: float, moneyness: float, years: float, volatility: float
) -> None:
    """Seen from the coin, a dollar call struck at K is K puts on the dollar (price 1/F) struck at
    1/K: C(F, K)/F = K x P(1/F, 1/K). The symmetry is of the contract, not of our code path."""
    strike = forward * moneyness
    in_coin = black(forward, strike, years, volatility, True) / forward
    seen_from_coin = strike * black(1 / forward, 1 / strike, years, volatility, False)
    assert in_coin == pytest.approx(seen_from_coin, rel=1e-9, abs=1e-13)
