"""Codes of why a quote has no implied volatility; compiled code and :mod:`.implied` share them."""

from __future__ import annotations

FOUND, NOT_FINITE, NO_PRICES, EXPIRED, BELOW_INTRINSIC, AT_INTRINSIC, ABOVE_BOUND, CROSSED = range(
    8
)
# Time value over sqrt(FK) at or below which a quote counts as its intrinsic value.
SMALLEST = 1e-300
