"""Conversions of units between the cases' forms and Seawall's: the only arithmetic beside one."""

from __future__ import annotations

from fractions import Fraction

FLOAT_ERROR = Fraction(1, 10**15)


def exact(number: float | int | str) -> Fraction:
    """A decimal as it is written, without the float's error: 0.1 is a tenth."""
    return Fraction(str(number))


def to_smallest_units(amount: float | int | str, decimals: int) -> int:
    """A token amount as whole units of 10^-decimals; the case's amounts are whole in them.

    What a float misses by its last digit (0.30000000000000004) is not taken for a part of a unit.
    """
    units = exact(amount) * Fraction(10) ** decimals
    nearest = round(units)
    missed = abs(units - nearest) > abs(units) * FLOAT_ERROR
    assert not missed, f"{amount} is not whole at {decimals} decimals"
    return nearest


def whole(count: float | int | str) -> int:
    """A count (quantums, slots, decimals, parts per million) in whichever form it is written."""
    return to_smallest_units(count, 0)


def from_smallest_units(units: int, decimals: int) -> float:
    """Whole units of 10^-decimals as the nearest number."""
    return float(Fraction(units, 10**decimals))


def signed(size: float, side: str) -> float:
    """A size with the sign of its side."""
    return {"long": size, "buy": size, "short": -size, "sell": -size}[side]
