"""Whole numbers as venues count them: quantums, parts per million, and each way of rounding.

Integer mode uses Python's integers and `fractions.Fraction` only: no float, no true division. Go's
``big.Int.Div``, Rust's unsigned division and Go's ``Quo`` differ on negative numbers, so every
division here is named for the way in which it rounds.
"""

from __future__ import annotations

from fractions import Fraction

from seawall.foundation.errors import InputError

MILLION = 1_000_000


def divide_down(dividend: int, divisor: int) -> int:
    """The quotient rounded towards minus infinity; ``divisor`` > 0.

    Equals Go's Euclidean ``big.Int.Div`` for a positive divisor.
    """
    return dividend // divisor


def divide_up(dividend: int, divisor: int) -> int:
    """The quotient rounded towards plus infinity; ``divisor`` > 0."""
    return -(-dividend // divisor)


def divide_to_zero(dividend: int, divisor: int) -> int:
    """The quotient rounded towards zero, as Go's ``big.Int.Quo``; ``divisor`` > 0."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)


def times_to_zero(amount: int, factor: Fraction) -> int:
    """``amount`` x ``factor`` >= 0, rounded towards zero."""
    return divide_to_zero(amount * factor.numerator, factor.denominator)


def ppm_up(amount: int, ppm: int) -> int:
    """``ppm`` millionths of ``amount``, rounded up."""
    return divide_up(amount * ppm, MILLION)


def ppm_down(amount: int, ppm: int) -> int:
    """``ppm`` millionths of ``amount``, rounded down."""
    return divide_down(amount * ppm, MILLION)


def as_written(number: float | int | str) -> Fraction:
    """A decimal number as it is written: 0.1 is a tenth, not the nearest binary number.

    Raises InputError for text that is no number, and for infinity.
    """
    try:
        return Fraction(str(number))
    except ValueError:
        raise InputError(f"{number!r} is given", expected="a finite number") from None


def in_units(number: float | int | str, decimals: int) -> Fraction:
    """A number in units of 10^-``decimals``: whole when it needs no rounding."""
    return as_written(number) * power_of_ten(decimals)


def power_of_ten(exponent: int) -> Fraction:
    """10^``exponent`` exactly, also for negative exponents."""
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)


def floor_of(amount: Fraction) -> int:
    """The largest whole number that is not above ``amount``."""
    return divide_down(amount.numerator, amount.denominator)


def nearest(amount: Fraction) -> int:
    """The nearest whole number; halves go up."""
    return divide_down(2 * amount.numerator + amount.denominator, 2 * amount.denominator)
