"""A volatility surface from bid and ask: a smile per expiry, all at once, free of arbitrage.

Idea: an eSSVI surface (`surface_essvi`) is free of arbitrage by construction but has too little
shape for a real smile. It is the start. Then the eight numbers of every expiry's smile (SVI and a
bump, `market.surface`) move to bring fitted volatilities between bid and ask, under a price for
arbitrage: the shortfall of Gatheral's g, and of w(k, T) against the expiry before, below small
margins on a grid. After each search the surface is checked on a far denser grid
(`surface_checks`); the worst points found are added to the first grid and the price is raised,
until the check passes. If it never does the answer is the eSSVI surface, which passes; the result
says which it is.
A quote's miss is measured in its own half spread, so tight and high-vega quotes count most; beyond
one half spread it counts by its size and not its square: one stale quote does not bend the smile.
Sources: Gatheral and Jacquier (2014), section 5; the search is Levenberg-Marquardt (Marquardt 1963)
with exact derivatives; the bump is this project's. Wrong when a smile has more shape than that, and
in wings without quotes: there the surface is a straight line led by the nearest quotes, the
expiries beside it and the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.market.surface import Slices, VolatilitySurface
from seawall.valuation.surface_checks import ArbitrageCheck, check_surface
from seawall.valuation.surface_essvi import Essvi, fit_essvi, stacked
from seawall.valuation.surface_penalty import (
    Problem,
    normal_equations,
    problem_of,
    slices_from,
    with_worst,
)
from seawall.valuation.surface_quotes import SurfaceQuotes

Floats = NDArray[np.float64]

SVI_WITH_BUMP, ESSVI = "SVI with bump", "eSSVI"
# The price of arbitrage in each round.
PRICES = (30.0, 300.0, 300.0, 1000.0, 1000.0, 3000.0, 3000.0, 10_000.0, 10_000.0)
_STEPS = 80
_TRIES = 14
_LITTLE = 1e-7
_LONGEST_STEP = 1.0


@dataclass(frozen=True)
class SurfaceFit:
    """A fitted surface with what it was fitted to.

    surface   the answer              quotes   used and left out
    essvi     the arbitrage-free start and fallback
    curve     "SVI with bump", or "eSSVI" when no such surface passed the check
    rounds    searches made           checks   (n,) of the answer on the dense grid
    """

    surface: VolatilitySurface
    quotes: SurfaceQuotes
    essvi: Essvi
    curve: str
    rounds: int
    checks: tuple[ArbitrageCheck, ...]


def fit_surface(quotes: SurfaceQuotes) -> SurfaceFit:
    """The arbitrage-free surface nearest to the quotes; the same quotes give the same surface.

    `surface_quotes.usable_quotes` makes ``quotes``, and raises on what cannot be fitted.
    """
    essvi = fit_essvi(quotes.expiries)
    problem = problem_of(stacked(quotes.expiries), essvi.slices)
    numbers = problem.start
    for rounds, price in enumerate(PRICES, start=1):
        numbers = _search(problem, numbers, price)
        surface = surface_of(quotes, slices_from(numbers, problem.scale))
        checks = check_surface(surface)
        if all(check.passed for check in checks):
            return SurfaceFit(surface, quotes, essvi, SVI_WITH_BUMP, rounds, checks)
        problem = with_worst(problem, checks)
    surface = surface_of(quotes, essvi.slices)
    return SurfaceFit(surface, quotes, essvi, ESSVI, len(PRICES), check_surface(surface))


def surface_of(quotes: SurfaceQuotes, slices: Slices) -> VolatilitySurface:
    """The surface with these curves at the expiries of ``quotes``."""
    return VolatilitySurface(
        underlying=quotes.underlying,
        as_of=quotes.as_of,
        years=np.array([expiry.years for expiry in quotes.expiries]),
        forward=np.array([expiry.forward for expiry in quotes.expiries]),
        slices=slices,
    )


def _search(problem: Problem, numbers: Floats, price: float) -> Floats:
    """The numbers with the least sum of squares near ``numbers``: Levenberg-Marquardt."""
    cost, normal, slope = normal_equations(problem, numbers, price)
    damping = 1e-3
    for _ in range(_STEPS):
        scale = np.diag(np.diag(normal))
        before = cost
        for _ in range(_TRIES):
            step = np.linalg.solve(normal + damping * scale, -slope)
            step *= min(1.0, _LONGEST_STEP / float(np.max(np.abs(step))))
            trial = numbers + step.reshape(numbers.shape)
            there = normal_equations(problem, trial, price)
            if there[0] < cost:
                numbers, (cost, normal, slope) = trial, there
                damping = max(damping / 5.0, 1e-9)
                break
            damping *= 4.0
        if before - cost <= _LITTLE * before:
            break
    return numbers
