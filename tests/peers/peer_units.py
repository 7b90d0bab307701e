"""Conversions of units between the cases' forms and Seawall's: the only arithmetic beside one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def exact(number: float | int | str) -> Fraction:
    """A decimal as it is written, without the float's error: 0.1 is a tenth."""
    return Fraction(str(number))


def to_smallest_units(amount: float | int | str, decimals: int) -> int:
    """A token amount as whole units of 10^-decimals; the case's amounts are whole in them."""
    units = Decimal(str(amount)) * (Decimal(10) ** decimals)
    assert units == units.to_integral_value(), f"{amount} is not whole at {decimals} decimals"
    return int(units)


def from_smallest_units(units: int, decimals: int) -> float:
    """Whole units of 10^-decimals as the nearest number."""
    return float(Fraction(units, 10**decimals))


def signed(size: float, side: str) -> float:
    """A size with the sign of its side."""
    return {"long": size, "buy": size, "short": -size, "sell": -size}[side]
