"""What a surface fit minimises: misses of quotes and the price of arbitrage, with derivatives.

Free numbers are (n, 8), one row per expiry: log of the floor, logits of half the left and right
wing's slope, centre in widths of the bend, log of the roundness; then the bump: its height through
tanh, its place in deviations, the log of its spread over the least. Any numbers give positive
variance and wings below Lee's 2. A residual is a column of numbers whose squares are summed; its
Jacobian has the 8 n free numbers as columns. Rows of a penalty that costs nothing are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.market.surface import Slices, slice_derivatives
from seawall.valuation.surface_checks import ArbitrageCheck, density
from seawall.valuation.surface_essvi import Stacked, soft

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NUMBERS = 8
# Margins kept in the fit, so that what a search leaves undone is still above zero.
DENSITY_MARGIN = 1e-3
STEP_MARGIN = 1e-4
# How strongly the numbers are held to the start's: decides only what quotes leave open.
HOLD = (0.02, 0.02, 0.02, 0.02, 0.02, 0.1, 0.1, 0.1)
# An expiry with fewer quotes gets no bump: five numbers are enough to go through them.
FEWEST_FOR_BUMP = 12
NO_BUMP = 100.0
HIGHEST_BUMP = 0.9
LEAST_SPREAD = 0.2
BUMP_START = (0.0, 1.5, 0.0)

# Residuals with their derivatives: (rows of numbers, (m, 8) derivatives by them), to be summed.
Part = tuple[Floats, list[tuple[Rows, Floats]]]


@dataclass(frozen=True)
class Problem:
    """One surface to be fitted.

    quotes    all of them           start   (n, 8) free numbers of the eSSVI surface
    scale     (n,) its standard deviations at the money, in which bumps are measured
    hold      (n, 8) how strongly numbers are held to the start's
    grid      log-moneyness where butterflies are priced, grid_row the expiry of each
    pair      log-moneyness where a fall in time is priced, pair_row the earlier expiry of each
    """

    quotes: Stacked
    start: Floats
    scale: Floats
    hold: Floats
    grid: Floats
    grid_row: Rows
    pair: Floats
    pair_row: Rows


def slices_from(numbers: Floats, scale: Floats) -> Slices:
    """The smiles of free numbers (n, 8); ``scale`` (n,) as in `Problem`."""
    left, right = (2.0 / (1.0 + np.exp(-np.clip(numbers[:, i], -40.0, 30.0))) for i in (1, 2))
    width = np.exp(np.clip(numbers[:, 4], -60.0, 10.0))
    return Slices(
        floor=np.exp(np.clip(numbers[:, 0], -60.0, 10.0)),
        left=left,
        right=right,
        centre=numbers[:, 3] * width,
        round=width,
        bump=HIGHEST_BUMP * np.tanh(numbers[:, 5]),
        place=numbers[:, 6] * scale,
        spread=scale * (LEAST_SPREAD + np.exp(np.clip(numbers[:, 7], -20.0, 5.0))),
    )


def numbers_from(slices: Slices) -> Floats:
    """Free numbers (n, 8) of smiles without a bump; the bump's are where a search may start."""
    left, right = (np.log(slope / (2.0 - slope)) for slope in (slices.left, slices.right))
    centre = slices.centre / slices.round
    bump = (np.full(left.shape, value) for value in BUMP_START)
    return np.stack(
        [np.log(slices.floor), left, right, centre, np.log(slices.round), *bump], axis=1
    )


def problem_of(quotes: Stacked, slices: Slices) -> Problem:
    """The problem that starts at ``slices``, smiles without a bump, with its first grids.

    Those reach 12 deviations to both sides, in time out to where wings are straight.
    """
    n = slices.floor.size
    start = numbers_from(slices)
    deviation = np.sqrt(slice_derivatives(slices, 0.0)[0])
    hold = np.tile(HOLD, (n, 1))
    hold[np.bincount(quotes.row, minlength=n) < FEWEST_FOR_BUMP, 5] = NO_BUMP
    side = np.geomspace(3.2, 12.0, 10)
    near = np.concatenate([-side[::-1], np.linspace(-3.0, 3.0, 61), side])
    far = np.geomspace(14.0, 1e5, 40)
    pairs = [
        np.concatenate([deviation[i] * near, deviation[i] * far, -deviation[i] * far])
        for i in range(n - 1)
    ] + [deviation[i + 1] * near for i in range(n - 1)]
    return Problem(
        quotes=quotes,
        start=start,
        scale=deviation,
        hold=hold,
        grid=(deviation[:, None] * near).ravel(),
        grid_row=np.repeat(np.arange(n), near.size),
        pair=np.concatenate([*pairs, np.empty(0)]),
        pair_row=np.concatenate(
            [
                np.repeat(np.arange(n - 1), near.size + 2 * far.size),
                np.repeat(np.arange(n - 1), near.size),
            ]
        ),
    )


def with_worst(problem: Problem, checks: tuple[ArbitrageCheck, ...]) -> Problem:
    """The problem with the points where the dense check found too little margin added to it."""
    thin = [i for i, check in enumerate(checks) if check.least_density < DENSITY_MARGIN]
    falls = [
        (i - 1, check.at_step)
        for i, check in enumerate(checks)
        if check.least_step is not None
        and check.at_step is not None
        and check.least_step < STEP_MARGIN
        and np.isfinite(check.at_step)
    ]
    return replace(
        problem,
        grid=np.append(problem.grid, [checks[i].at_density for i in thin]),
        grid_row=np.append(problem.grid_row, thin).astype(np.int64),
        pair=np.append(problem.pair, [k for _, k in falls]),
        pair_row=np.append(problem.pair_row, [i for i, _ in falls]).astype(np.int64),
    )


def parts_of(problem: Problem, numbers: Floats, price: float) -> list[Part]:
    """All that is minimised at ``numbers`` (n, 8); ``price`` weighs arbitrage."""
    slices = slices_from(numbers, problem.scale)
    return [
        _misses(problem, slices),
        _butterflies(problem, slices, price),
        *_falls(problem, slices, price),
        *_hold(problem, numbers),
    ]


def residual(problem: Problem, numbers: Floats, price: float) -> tuple[Floats, Floats]:
    """Residuals (m,) and their Jacobian (m, 8 n), written out; `normal_equations` is faster."""
    parts = parts_of(problem, numbers, price)
    values = np.concatenate([part[0] for part in parts])
    jacobian = np.zeros((values.size, numbers.shape[0], NUMBERS))
    at = 0
    for part, blocks in parts:
        lines = np.arange(at, at + part.size)
        for rows, block in blocks:
            jacobian[lines, rows] += block
        at += part.size
    return values, jacobian.reshape(values.size, -1)


def normal_equations(
    problem: Problem, numbers: Floats, price: float
) -> tuple[float, Floats, Floats]:
    """Sum of squares, Jacobian' Jacobian (8 n, 8 n) and Jacobian' residuals (8 n,).

    Summed block by block: most of the Jacobian is zero, and a product of large matrices would have
    other last bits with another number of threads.
    """
    n = numbers.shape[0]
    cost = 0.0
    normal, slope = np.zeros((n, n, NUMBERS, NUMBERS)), np.zeros((n, NUMBERS))
    for values, blocks in parts_of(problem, numbers, price):
        cost += float(np.sum(values * values))
        for rows, block in blocks:
            np.add.at(slope, rows, block * values[:, None])
            for others, other in blocks:
                np.add.at(normal, (rows, others), block[:, :, None] * other[:, None, :])
    square = normal.transpose(0, 2, 1, 3).reshape(n * NUMBERS, n * NUMBERS)
    return cost, square, slope.ravel()


def _misses(problem: Problem, slices: Slices) -> Part:
    """Fitted less middle volatility of every quote in half spreads, far misses damped."""
    quotes = problem.quotes
    w, by = variance_gradient(
        slices.at(quotes.row), quotes.log_moneyness, problem.scale[quotes.row]
    )
    miss = quotes.error(w)
    value = soft(miss)
    small = np.abs(miss) < 1e-9
    pace = np.where(small, 1.0, miss / np.hypot(1.0, miss) / np.where(small, 1.0, value))
    pace /= 2.0 * np.sqrt(np.maximum(w, 1e-16) * quotes.years) * quotes.scale
    return value, [(quotes.row, pace[:, None] * by)]


def _butterflies(problem: Problem, slices: Slices, price: float) -> Part:
    """Where Gatheral's g is below its margin."""
    row, k = problem.grid_row, problem.grid
    short = density(k, *slice_derivatives(slices.at(row), k)) - DENSITY_MARGIN
    # Derivatives only where something is priced: mostly nothing is.
    on = np.flatnonzero(short < 0.0)
    row = row[on]
    by = density_gradient(slices.at(row), k[on], problem.scale[row])
    return price * short[on], [(row, price * by)]


def _falls(problem: Problem, slices: Slices, price: float) -> Iterator[Part]:
    """Where w of an expiry is not above that of the expiry before, and wings that flatten."""
    row, k = problem.pair_row, problem.pair
    before, after = (slice_derivatives(slices.at(r), k)[0] for r in (row, row + 1))
    ratio = before / after
    short = 1.0 - STEP_MARGIN - ratio
    on = np.flatnonzero(short < 0.0)
    row, k = row[on], k[on]
    by_before, by_after = (
        variance_gradient(slices.at(r), k, problem.scale[r])[1] / after[on, None]
        for r in (row, row + 1)
    )
    yield (
        price * short[on],
        [(row, -price * by_before), (row + 1, price * ratio[on, None] * by_after)],
    )
    for column, slope in ((1, slices.left), (2, slices.right)):
        ratio = slope[:-1] / slope[1:]
        short = 1.0 - STEP_MARGIN - ratio
        first = np.flatnonzero(short < 0.0)
        blocks = []
        for rows, sign in ((first, -1.0), (first + 1, 1.0)):
            block = np.zeros((first.size, NUMBERS))
            block[:, column] = sign * price * ratio[first] * (1.0 - 0.5 * slope[rows])
            blocks.append((rows, block))
        yield price * short[first], blocks


def _hold(problem: Problem, numbers: Floats) -> Iterator[Part]:
    """How far each number is from the start's."""
    rows = np.arange(numbers.shape[0])
    for column in range(NUMBERS):
        block = np.zeros((rows.size, NUMBERS))
        block[:, column] = problem.hold[:, column]
        yield (problem.hold * (numbers - problem.start))[:, column], [(rows, block)]


def _chain(s: Slices, scale: Floats, *by: Floats) -> Floats:
    """Derivatives by the fields of `Slices`, in their order, turned into those by free numbers."""
    floor, left, right, centre, width, bump, place, spread = by
    return np.stack(
        [
            floor * s.floor,
            left * s.left * (1.0 - 0.5 * s.left),
            right * s.right * (1.0 - 0.5 * s.right),
            centre * s.round,
            width * s.round + centre * s.centre,
            bump * (HIGHEST_BUMP - s.bump**2 / HIGHEST_BUMP),
            place * scale,
            spread * (s.spread - LEAST_SPREAD * scale),
        ],
        axis=1,
    )


def variance_gradient(s: Slices, k: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Total variance (m,) and its derivatives by the free numbers (m, 8), at k (m,)."""
    w, slope, _ = slice_derivatives(s, k)
    x = k - s.centre
    r = np.hypot(x, s.round)
    root = np.sqrt(s.left * s.right)
    steep = 0.5 * (s.left + s.right)
    u = (k - s.place) / s.spread
    bell = np.exp(-0.5 * u * u)
    height = s.floor * s.bump * bell
    return w, _chain(
        s,
        scale,
        1.0 + s.bump * bell,
        0.5 * (r - x - s.round * s.right / root),
        0.5 * (r + x - s.round * s.left / root),
        -(slope + height * u / s.spread),
        steep * s.round / r - root,
        s.floor * bell,
        height * u / s.spread,
        height * u * u / s.spread,
    )


def density_gradient(s: Slices, k: Floats, scale: Floats) -> Floats:
    """Derivatives (m, 8) of Gatheral's g at k (m,) by the free numbers."""
    w, slope, _ = slice_derivatives(s, k)
    by_slope, by_bend = _shape_gradients(s, k, scale)
    u = 1.0 - 0.5 * k * slope / w
    of_w = (u * k * slope + 0.25 * slope**2) / w**2
    of_slope = -u * k / w - 0.5 * slope * (1.0 / w + 0.25)
    by_w = variance_gradient(s, k, scale)[1]
    gradient: Floats = of_w[:, None] * by_w + of_slope[:, None] * by_slope + 0.5 * by_bend
    return gradient


def _shape_gradients(s: Slices, k: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Derivatives by the free numbers (m, 8) of w's first and of its second derivative in k."""
    x = k - s.centre
    r = np.hypot(x, s.round)
    steep = 0.5 * (s.left + s.right)
    half = 0.5 * s.round**2 / r**3
    u, width = (k - s.place) / s.spread, s.spread
    bell = np.exp(-0.5 * u * u)
    height = s.floor * s.bump * bell
    by_slope = _chain(
        s,
        scale,
        -s.bump * bell * u / width,
        0.5 * (x / r - 1.0),
        0.5 * (x / r + 1.0),
        -steep * s.round**2 / r**3,
        -steep * x * s.round / r**3,
        -s.floor * bell * u / width,
        -height * (u * u - 1.0) / width**2,
        height * u * (2.0 - u * u) / width**2,
    )
    by_bend = _chain(
        s,
        scale,
        s.bump * bell * (u * u - 1.0) / width**2,
        half,
        half,
        3.0 * steep * s.round**2 * x / r**5,
        steep * (2.0 * s.round / r**3 - 3.0 * s.round**3 / r**5),
        s.floor * bell * (u * u - 1.0) / width**2,
        -height * (3.0 * u - u**3) / width**3,
        height * (u**4 - 5.0 * u * u + 2.0) / width**3,
    )
    return by_slope, by_bend
