"""Kernel and plain twin against 60 digits: <= 2e-13 on a realistic book, <= 1e-12 on the hard set.

Errors are relative to the exact number (the out-of-the-money value; value, delta, gamma, vega,
theta), for vanna and volga relative to the sum of their terms: d1 and d2 are differences of
|ln(F/K)|/s and s/2, and where those cancel no formula on doubles keeps the digits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hard_options import NAMES, Columns, exact, hard_set, realistic_book

from seawall.valuation import black, fastblack

SCALES = {"vanna": "vanna_terms", "volga": "volga_terms"}


def worst(columns: Columns, twin: str) -> dict[str, float]:
    """Largest error of each quantity over the options whose value is above 1e-290."""
    f, k, t, vol, call = columns
    if twin == "kernel":
        fastblack.prepare()
        found, outside = fastblack.greeks(*columns), fastblack.values(f, k, t, vol, f < k)
    else:
        found, outside = black.greeks(*columns), black.black(f, k, t, vol, f < k)
    errors = dict.fromkeys((*NAMES, "outside"), 0.0)
    for i in range(f.size):
        truth = exact(f[i], k[i], t[i], vol[i], bool(call[i]))
        if truth["outside"] < 1e-290:
            continue
        for name in errors:
            got = outside[i] if name == "outside" else getattr(found, name)[i]
            scale = abs(truth[SCALES.get(name, name)])
            errors[name] = max(errors[name], float(abs(float(got) - truth[name]) / scale))
    return errors


CASES = [(realistic_book, 2e-13), (hard_set, 1e-12)]


@pytest.mark.parametrize("twin", ["kernel", "plain"])
@pytest.mark.parametrize(("options", "bound"), CASES, ids=["book", "hard"])
def test_values_and_greeks(options: Callable[[int, int], Columns], bound: float, twin: str) -> None:
    errors = worst(options(400, 7), twin)
    assert max(errors.values()) <= bound, errors


@pytest.mark.slow
@pytest.mark.parametrize("twin", ["kernel", "plain"])
@pytest.mark.parametrize(("options", "bound"), CASES, ids=["book", "hard"])
def test_values_and_greeks_of_many(
    options: Callable[[int, int], Columns], bound: float, twin: str
) -> None:
    errors = worst(options(6000, 8), twin)
    print({name: f"{error:.1e}" for name, error in errors.items()})
    assert max(errors.values()) <= bound, errors


@pytest.mark.parametrize("twin", [black.black, fastblack.values], ids=["plain", "kernel"])
def test_at_the_money_with_hardly_any_volatility(twin: Callable[..., object]) -> None:
    # s = 1e-9: F s / sqrt(2 pi), of which a difference of two normals would keep 7 digits.
    fastblack.prepare()
    value = np.asarray(twin(100.0, 100.0, 1e-6, 1e-6, True))
    assert value == pytest.approx(100.0 * 1e-9 / np.sqrt(2.0 * np.pi), rel=1e-14)
