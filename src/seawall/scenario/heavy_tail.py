"""Heavy tails: steps are normal in their middle and generalised Pareto in both tails.

Idea: one step's standardised move e has the quantiles of a normal law between its tail shares p,
and beyond them those of a generalised Pareto law with tail index alpha (shape 1 / alpha):

    beyond the threshold u = -N^-1(p):   P(e > u + y) = p (1 + y / (alpha b))^-alpha

The scale b is p / density of the normal law at u unless stated, which makes the density meet at the
threshold; then e is shifted and scaled to mean 0 and variance 1 in closed form, and

    log-return_i = s_i sqrt(dt) e_i - log E[exp(s_i sqrt(dt) e_i)]

E[exp] of a Pareto tail does not exist: a step's log-return is held within +-largest_move, and the
compensator (a quadrature) is that of the held law, so E[S_t] = S_0.

Assets are tied by a Student t copula with the Case's correlations and a stated, even number of
degrees of freedom (for which its distribution function is a closed form): extreme steps come
together, the more so the fewer degrees.

What (1 - n) scales under the label "exogenous": every move. A scale on volatility does the same.

Source: McNeil, Frey and Embrechts (2015), "Quantitative Risk Management", chapters 5 and 7. Wrong
when volatility clusters (steps are independent here), and when tail shares fitted on one step
length are used at another: the index stays under aggregation, the share does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, inverse_normal, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.record import number, whole
from seawall.scenario.draw import Draw

Floats = NDArray[np.float64]

INDEX = Quantity("a tail index above 2, to 50", 2.0, 50.0, True)
TAIL_SHARE = Quantity("a share above 0, to 0.25", 0.0, 0.25, True)
SCALE = Quantity("a scale above 0, to 10", 0.0, 10.0, True)
LARGEST = Quantity("a log-move above 0, to 3", 0.0, 3.0, True)
# The inverse normal's reach.
LOWEST, HIGHEST = 2.0**-54, 1.0 - 2.0**-53
# Quadrature: Gauss-Legendre nodes in each panel, panels of the middle, width of one in a tail.
NODES, MIDDLE_PANELS, TAIL_PANEL, TAIL_END = 24, 8, 2.0, 60.0


@dataclass(frozen=True)
class HeavyTail:
    """Independent steps with Pareto tails.

    left_index, right_index   alpha: P(fall > x) falls like x^-alpha; above 2
    left_share, right_share   p: chance that a step lies in the tail
    left_scale, right_scale   b, in standard deviations of the normal middle; absent: densities meet
    freedom                   degrees of freedom of the t copula, even, 2 to 60
    largest_move              bound on a step's log-return
    """

    left_index: float = number(INDEX)
    right_index: float = number(INDEX)
    left_share: float = number(TAIL_SHARE, 0.05)
    right_share: float = number(TAIL_SHARE, 0.05)
    left_scale: float | None = number(SCALE, None)
    right_scale: float | None = number(SCALE, None)
    freedom: int = whole(2, 60, 4)
    largest_move: float = number(LARGEST, 1.0)

    def __post_init__(self) -> None:
        if self.freedom % 2:
            raise InputError(f"{self.freedom} degrees of freedom", expected="an even number")


@dataclass(frozen=True)
class Tail:
    """One tail: chance ``share`` of a move beyond ``start`` (normal scores), shape and scale."""

    share: float
    start: float
    shape: float
    scale: float

    def beyond(self, rank: Floats) -> Floats:
        """Move (normal scores, > 0) whose chance of being passed is share x rank, 0 < rank <= 1."""
        grown = exponential(-self.shape * logarithm(rank))
        return self.start + self.scale / self.shape * (grown - 1.0)

    @property
    def mean(self) -> float:
        """E of the move where it lies in the tail, times the chance of that."""
        return self.share * (self.start + self.scale / (1.0 - self.shape))

    @property
    def square(self) -> float:
        """The same of its square."""
        first = self.scale / (1.0 - self.shape)
        second = 2.0 * self.scale * first / (1.0 - 2.0 * self.shape)
        return self.share * (self.start * (self.start + 2.0 * first) + second)


@dataclass(frozen=True)
class Standard:
    """The law of one step's move with mean 0 and variance 1: two tails, shift and deviation of the
    law in normal scores.
    """

    left: Tail
    right: Tail
    mean: float
    deviation: float


def standard(law: HeavyTail) -> Standard:
    """Tails, mean and standard deviation in closed form.

    The middle's share of mean and square: phi(a) - phi(b) and P(a < z < b) + a phi(a) - b phi(b).
    """
    left = _tail(law.left_index, law.left_share, law.left_scale)
    right = _tail(law.right_index, law.right_share, law.right_scale)
    low, high = _density(left.start), _density(right.start)
    mean = low - high + right.mean - left.mean
    middle = 1.0 - left.share - right.share - left.start * low - right.start * high
    variance = middle + left.square + right.square - mean * mean
    return Standard(left, right, mean, math.sqrt(variance))


def _tail(index: float, share: float, scale: float | None) -> Tail:
    start = -float(inverse_normal(np.array([share]))[0])
    return Tail(share, start, 1.0 / index, share / _density(start) if scale is None else scale)


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def quantiles(law: Standard, low: Floats, high: Floats) -> Floats:
    """Standardised moves whose chance of not being passed is ``low`` = 1 - ``high``, any shape.

    Both are given so that neither tail loses digits.
    """
    flat, other = low.reshape(-1), high.reshape(-1)
    out = inverse_normal(np.minimum(np.maximum(flat, LOWEST), HIGHEST))
    for tail, side, sign in ((law.left, flat, -1.0), (law.right, other, 1.0)):
        far = np.flatnonzero(side < tail.share)
        rank = np.maximum(side[far], LOWEST) / tail.share
        out[far] = sign * tail.beyond(rank)
    out -= law.mean
    out /= law.deviation
    return out.reshape(low.shape)


def student_tails(x: Floats, freedom: int) -> tuple[Floats, Floats]:
    """P(t <= x) and P(t > x) of Student's law with an even number of degrees of freedom.

    With y = x / sqrt(nu + x^2) and c = 1 - y^2: P = 1/2 + y/2 sum_(j < nu/2) c^j (2j)! / (4^j j!^2)
    (Abramowitz and Stegun 26.7.4). The sum runs on for ever to 1/|y|, so the smaller tail is
    |y|/2 times what the sum leaves out; it is taken as a difference, good to 1e-16 of 1.
    """
    square = x * x
    root = np.sqrt(freedom + square)
    y = x / root
    c = freedom / (freedom + square)
    total = np.ones_like(x)
    term = np.ones_like(x)
    for j in range(1, freedom // 2):
        term = term * c * ((2.0 * j - 1.0) / (2.0 * j))
        total = total + term
    half = 0.5 * y * total
    return 0.5 + half, 0.5 - half


def moves(law: HeavyTail, draw: Draw) -> Floats:
    """Log-returns (p, s, k)."""
    shape = standard(law)
    normal = draw.correlated_normals()
    drawn = uniforms(draw.seed, Stream.TAIL, draw.paths, draw.every_step, law.freedom // 2)
    # A chi-square number with an even number of degrees is -2 log of a product of uniforms.
    product = drawn[..., 0].copy()
    for j in range(1, law.freedom // 2):
        product *= drawn[..., j]
    chi = -2.0 * logarithm(np.maximum(product, np.finfo(np.float64).tiny))
    normal *= np.sqrt(law.freedom / chi)[..., None]
    out = quantiles(shape, *student_tails(normal, law.freedom))
    spread = draw.spread
    out *= spread[:, None]
    np.clip(out, -law.largest_move, law.largest_move, out=out)
    out -= _log_means(shape, spread, law.largest_move)[:, None]
    return out


def _log_means(law: Standard, spread: Floats, largest: float) -> Floats:
    """Log E[exp(move)] of moves with these standard deviations, held within +-largest; (p, k)."""
    each, which = np.unique(spread, return_inverse=True)
    found = np.array([math.log1p(_mean_excess(law, float(s), largest)) for s in each])
    return np.asarray(found[which].reshape(spread.shape))


def _mean_excess(law: Standard, spread: float, largest: float) -> float:
    """E[exp(move) - 1] by quadrature: the middle over its normal scores, tails over -log(rank)."""
    if spread == 0.0:
        return 0.0
    edges = np.linspace(-law.left.start, law.right.start, MIDDLE_PANELS + 1)
    score, weight = _nodes(edges)
    density = np.exp(-0.5 * score * score) / math.sqrt(2.0 * math.pi)
    total = float((_excess(law, score, spread, largest) * density * weight).sum())
    for tail, sign in ((law.left, -1.0), (law.right, 1.0)):
        # Beyond the rank at which the move is held, the rest is one number.
        limit = (law.deviation * largest / spread + sign * law.mean - tail.start) / tail.scale
        end = 0.0
        if limit > 0.0:
            end = min(math.log1p(tail.shape * limit) / tail.shape, TAIL_END)
        held = math.exp(-end) * math.expm1(sign * largest)
        inside = 0.0
        if end > 0.0:
            at, width = _nodes(np.linspace(0.0, end, 2 + int(end / TAIL_PANEL)))
            score = sign * tail.beyond(np.exp(-at))
            inside = float((_excess(law, score, spread, largest) * np.exp(-at) * width).sum())
        total += tail.share * (held + inside)
    return total


def _excess(law: Standard, score: Floats, spread: float, largest: float) -> Floats:
    move = spread * (score - law.mean) / law.deviation
    return np.asarray(np.expm1(np.clip(move, -largest, largest)))


def _nodes(edges: Floats) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights over the panels between these edges."""
    at, weight = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * at).ravel(), (half * weight).ravel()
