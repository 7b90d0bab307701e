"""Black-Scholes values and Greeks as printed in E. G. Haug, The Complete Guide to Option Pricing
Formulas (1998), read from the peer cases (never stored here), and laws that any such code obeys.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.valuation.discounted import Carry, spot_greeks

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("black_scholes_value", "black_scholes_greek")


def cases() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("SEAWALL_PEER_CASES", ROOT / "../shared/peer-cases"))
    file = folder / "options.json"
    if not file.exists():
        return []
    return [case for case in json.loads(file.read_text())["cases"] if case["kind"] in KINDS]


def test_haug_values_and_greeks() -> None:
    found = cases()
    if not found:
        print("peer cases: 0 of Haug's Black-Scholes numbers read, folder missing")
        pytest.skip("SEAWALL_PEER_CASES holds no options.json")
    compared = 0
    for case in found:
        market, account = case["market"], case["account"]
        ours = spot_greeks(
            market["spot"],
            account["strike"],
            account["years"],
            market["vol"],
            market["rate"],
            market["dividend_yield"],
            account["type"] == "call",
        )
        bound = case["tolerance"]["absolute"]
        for name, expected in case["expected"].items():
            if expected is None:
                continue
            got = float(getattr(ours, name))
            assert abs(got - expected) <= bound + 1e-12 * max(1.0, abs(expected)), (
                f"{case['id']}: {name} is {got}, printed {expected}"
            )
            compared += 1
    print(f"peer cases: {compared} of Haug's Black-Scholes numbers compared")
    assert compared >= len(found)


def exact(s: Any, k: Any, t: Any, vol: Any, r: Any, q: Any, call: bool) -> Any:
    """The option on spot in the textbook's form, in whatever precision mpmath is set to."""
    total = vol * mpmath.sqrt(t)
    d1 = (mpmath.log(s / k) + (r - q + vol**2 / 2) * t) / total
    sign = 1 if call else -1
    paid = k * mpmath.exp(-r * t) * mpmath.ncdf(sign * (d1 - total))
    return sign * (s * mpmath.exp(-q * t) * mpmath.ncdf(sign * d1) - paid)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.6, 1.6),
    st.floats(0.02, 3.0),
    st.floats(0.1, 1.5),
    st.floats(-0.05, 0.2),
    st.floats(-0.05, 0.2),
    st.booleans(),
)
def test_greeks_are_the_derivatives_of_the_textbooks_value(
    moneyness: float, years: float, vol: float, rate: float, dividend: float, call: bool
) -> None:
    """Central differences of a 60-digit value; carry, discount and time all move."""
    point = (100.0, 100.0 * moneyness, years, vol, rate, dividend)
    found = spot_greeks(*point, call)
    with mpmath.workdps(60):
        x = [mpmath.mpf(y) for y in point]
        step = mpmath.mpf("1e-15")

        def slope(i: int) -> float:
            up, down = list(x), list(x)
            up[i] += step
            down[i] -= step
            return float((exact(*up, call) - exact(*down, call)) / (2 * step))

        value = float(exact(*x, call))
        truth = {
            "value": value,
            "delta": slope(0),
            "vega": slope(3),
            "theta": -slope(2),
            "theta_per_day": -slope(2) / 365.0,
            "rho": slope(4),
            "dividend_rho": slope(5),
            "elasticity": slope(0) * 100.0 / value,
        }
    for name, expected in truth.items():
        assert float(getattr(found, name)) == pytest.approx(expected, rel=1e-9, abs=1e-10), name


def test_at_expiry_and_far_out_nothing_is_invented() -> None:
    found = spot_greeks([90.0, 110.0, 100.0], 100.0, 0.0, 0.3, 0.05, 0.02, True)
    np.testing.assert_array_equal(found.value, [0.0, 10.0, 0.0])
    np.testing.assert_array_equal(found.delta, [0.0, 1.0, 0.5])
    assert np.isnan(found.elasticity[0])
    assert found.elasticity[1] == 11.0
    np.testing.assert_array_equal(found.rho, np.zeros(3))


@pytest.mark.parametrize("spot", [0.0, -1.0, float("nan")])
def test_a_spot_that_is_no_price_is_refused(spot: float) -> None:
    with pytest.raises(InputError, match="a spot above 0"):
        Carry(spot, 0.01, 0.0)
