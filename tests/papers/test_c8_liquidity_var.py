"""C8: liquidity-adjusted value at risk.

Bangia, Diebold, Schuermann and Stroughair (1999), "Modeling liquidity risk, with implications for
traditional market risk measurement and management": the add-on is half the position's value times
(mean spread + factor x standard deviation of the spread).
"""

from __future__ import annotations

import pytest

from seawall.exposure.liquidity import liquidity_adjusted_var
from seawall.foundation.errors import InputError


def test_the_worked_example() -> None:
    price, add_on, total = liquidity_adjusted_var(100.0, 0.02, 1.65, 0.01)
    assert abs(price - 3.30) < 1e-9
    assert abs(add_on - 0.50) < 1e-9
    assert abs(total - 3.80) < 1e-9


def test_a_bad_day_widens_the_spread() -> None:
    # Mean 1%, sd 0.2%, three of them: 100 x 1.6% / 2.
    _, add_on, _ = liquidity_adjusted_var(100.0, 0.02, 1.65, 0.01, 0.002, 3.0)
    assert abs(add_on - 0.80) < 1e-9


def test_it_scales_with_the_position() -> None:
    small = liquidity_adjusted_var(100.0, 0.02, 1.65, 0.01, 0.002, 3.0)
    large = liquidity_adjusted_var(700.0, 0.02, 1.65, 0.01, 0.002, 3.0)
    assert all(abs(b - 7 * a) < 1e-9 for a, b in zip(small, large, strict=True))


def test_a_negative_spread_is_refused() -> None:
    with pytest.raises(InputError, match=r"mean_spread is -0\.01"):
        liquidity_adjusted_var(100.0, 0.02, 1.65, -0.01)
