"""Numbers that carry exact first and second derivatives: automatic differentiation in one page.

A hyper-dual number is f + f1 e1 + f2 e2 + f12 e1 e2 with e1^2 = e2^2 = 0. Seeding two inputs (or
one of them twice) gives both slopes and the mixed (or second) derivative without any step size.
Source: Fike and Alonso (2011), AIAA 2011-886.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class HyperDual:
    """Value ``f``, derivatives ``f1``, ``f2`` in two directions, mixed derivative ``f12``."""

    f: float
    f1: float = 0.0
    f2: float = 0.0
    f12: float = 0.0

    def apply(self, value: float, slope: float, bend: float) -> HyperDual:
        """A function of this number, by its value and two derivatives."""
        mixed = slope * self.f12 + bend * self.f1 * self.f2
        return HyperDual(value, slope * self.f1, slope * self.f2, mixed)

    def __add__(self, other: HyperDual | float) -> HyperDual:
        o = lift(other)
        return HyperDual(self.f + o.f, self.f1 + o.f1, self.f2 + o.f2, self.f12 + o.f12)

    def __mul__(self, other: HyperDual | float) -> HyperDual:
        o = lift(other)
        return HyperDual(
            self.f * o.f,
            self.f1 * o.f + self.f * o.f1,
            self.f2 * o.f + self.f * o.f2,
            self.f12 * o.f + self.f1 * o.f2 + self.f2 * o.f1 + self.f * o.f12,
        )

    def __neg__(self) -> HyperDual:
        return self * -1.0

    def __sub__(self, other: HyperDual | float) -> HyperDual:
        return self + -lift(other)

    def __rsub__(self, other: float) -> HyperDual:
        return lift(other) - self

    def __truediv__(self, other: HyperDual | float) -> HyperDual:
        o = lift(other)
        return self * o.apply(1 / o.f, -1 / o.f**2, 2 / o.f**3)

    def __rtruediv__(self, other: float) -> HyperDual:
        return lift(other) / self

    __radd__ = __add__
    __rmul__ = __mul__


def lift(x: HyperDual | float) -> HyperDual:
    return x if isinstance(x, HyperDual) else HyperDual(float(x))


def exp(x: HyperDual) -> HyperDual:
    e = math.exp(x.f)
    return x.apply(e, e, e)


def log(x: HyperDual) -> HyperDual:
    return x.apply(math.log(x.f), 1 / x.f, -1 / x.f**2)


def sqrt(x: HyperDual) -> HyperDual:
    root = math.sqrt(x.f)
    return x.apply(root, 0.5 / root, -0.25 / root**3)


def normal(x: HyperDual) -> HyperDual:
    """The normal distribution function."""
    density = math.exp(-0.5 * x.f * x.f) / math.sqrt(2 * math.pi)
    return x.apply(0.5 * math.erfc(-x.f / math.sqrt(2)), density, -x.f * density)


def least(x: HyperDual, y: HyperDual) -> HyperDual:
    return x if x.f <= y.f else y


def black(
    forward: HyperDual, strike: float, years: HyperDual, volatility: HyperDual, call: bool
) -> HyperDual:
    """Black (1976), undiscounted, straight from the textbook."""
    s = volatility * sqrt(years)
    d1 = log(forward / strike) / s + 0.5 * s
    sign = 1.0 if call else -1.0
    return sign * (forward * normal(sign * d1) - strike * normal(sign * (d1 - s)))
