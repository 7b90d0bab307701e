"""Is a volatility surface free of static arbitrage? Butterfly, calendar and wings, on dense grids.

Butterfly: the density of the price at expiry is not negative where Gatheral's

    g(k) = (1 - k w' / (2 w))^2 - w'^2 / 4 (1 / w + 1 / 4) + w'' / 2 >= 0

Calendar: w(k, T) does not fall in T at fixed k (forward moneyness). Wings: |dw/dk| <= 2 far out.
Beyond the grid a slice is straight, so the wings' slopes decide there: calendar needs them not to
fall in T. The grid is laid out in standard deviations of each expiry and in widths of its bend, so
that a sharp bend is not stepped over. Expiries are checked, points in time between them, one before
the first and one after the last.
Sources: Gatheral and Jacquier (2014), section 2; Roper (2010), Arbitrage free implied volatility
surfaces; Lee (2004). Wrong for what a grid steps over; two slices cross at most four times, and the
curves are smooth on the scale of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.market.surface import STEEPEST_WING, VolatilitySurface, slice_derivatives

Floats = NDArray[np.float64]

# What rounding may do to g, and to w relative to itself.
TOLERANCE = 1e-9
_BETWEEN = 4
_POINTS = 401
_REACH = 12.0


@dataclass(frozen=True)
class ArbitrageCheck:
    """What was found at one expiry (or between two).

    years       of the expiry             least_density   the least g(k), and where (at_density)
    least_step  the least (w - w of the expiry before) / w; None for the first; where: at_step
    steepest    the steeper wing's slope of total variance, (0, 2]
    between     the least g at times between the expiry before and this one (before: the first)
    passed      all of them within tolerance
    """

    years: float
    least_density: float
    at_density: float
    least_step: float | None
    at_step: float | None
    steepest: float
    between: float

    @property
    def passed(self) -> bool:
        """True when nothing here could be arbitraged."""
        step = 0.0 if self.least_step is None else self.least_step
        return (
            min(self.least_density, self.between, step) >= -TOLERANCE
            and self.steepest <= STEEPEST_WING
        )


def density(k: Floats, w: Floats, slope: Floats, bend: Floats) -> Floats:
    """Gatheral's g of total variance w and its derivatives at k; same shapes."""
    result: Floats = (
        (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * bend
    )
    return result


def check_surface(surface: VolatilitySurface) -> tuple[ArbitrageCheck, ...]:
    """One check per expiry, in order; the surface is free of arbitrage when all have passed."""
    grid = check_grid(surface)
    checks = []
    for i, years in enumerate(surface.years):
        k = grid[i]
        w, slope, bend = slice_derivatives(surface.slices.at(i), k)
        g = density(k, w, slope, bend)
        worst = int(np.argmin(g))
        step, where = _calendar(surface, i, np.union1d(grid[i], grid[i - 1])) if i else (None, None)
        checks.append(
            ArbitrageCheck(
                years=float(years),
                least_density=float(g[worst]),
                at_density=float(k[worst]),
                least_step=step,
                at_step=where,
                steepest=float(max(surface.slices.left[i], surface.slices.right[i])),
                between=_between(surface, i, np.union1d(grid[i], grid[max(i - 1, 0)])),
            )
        )
    return tuple(checks)


def check_grid(surface: VolatilitySurface) -> list[Floats]:
    """Log-moneyness of the check by expiry: even in deviations, dense around bend and bump."""
    money = slice_derivatives(surface.slices, 0.0)[0]
    even = np.linspace(-_REACH, _REACH, _POINTS)
    # sinh spreads points from a hundredth of the bend's width to thousands of it.
    spread = np.sinh(np.linspace(-9.0, 9.0, _POINTS))
    return [
        np.unique(
            np.concatenate(
                [
                    even * np.sqrt(money[i]),
                    surface.slices.centre[i] + surface.slices.round[i] * spread,
                    surface.slices.place[i] + surface.slices.spread[i] * even,
                ]
            )
        )
        for i in range(money.size)
    ]


def _calendar(surface: VolatilitySurface, i: int, k: Floats) -> tuple[float, float]:
    """The least relative growth of w from expiry i - 1 to i, and where; wings far out included."""
    before = slice_derivatives(surface.slices.at(i - 1), k)[0]
    after = slice_derivatives(surface.slices.at(i), k)[0]
    step = (after - before) / after
    worst = int(np.argmin(step))
    least, where = float(step[worst]), float(k[worst])
    for name, side in (("left", -np.inf), ("right", np.inf)):
        slopes = getattr(surface.slices, name)
        far = float((slopes[i] - slopes[i - 1]) / slopes[i])
        if far < least:
            least, where = far, side
    return least, where


def _between(surface: VolatilitySurface, i: int, k: Floats) -> float:
    """The least g at times between expiry i - 1 and i; after the last, also beyond it."""
    start = surface.years[i - 1] if i else 0.0
    shares = np.arange(1, _BETWEEN) / _BETWEEN
    times = start + shares * (surface.years[i] - start)
    if i == surface.years.size - 1:
        times = np.append(times, surface.years[i] * np.array([1.25, 2.0]))
    t, x = times[:, None], k[None, :]
    return float(np.min(density(x, *surface.derivatives(x, t))))
