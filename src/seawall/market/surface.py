"""An implied volatility surface of one underlying: one smile per expiry, joined in time.

Idea: at each listed expiry the total variance w = volatility^2 x years, as a function of
k = ln(strike / forward), is Gatheral's SVI curve, written here by what can be seen of it:

    w(k) = floor + ((R - L)(k - m) + (R + L) sqrt((k - m)^2 + s^2)) / 2 - s sqrt(L R)

floor the least variance, L and R the slopes of the left and right wing, m where the bend is, s how
round it is. In raw SVI (Gatheral 2004): b = (L + R)/2, rho = (R - L)/(R + L),
a = floor - s sqrt(L R). A slice of SSVI or eSSVI is the special case in `essvi_slice`. Real smiles
bend twice; for that a bump (or dent) is added that leaves the wings as they are:

    floor x bump x exp(-((k - place) / spread)^2 / 2),   -1 < bump < 1, so that w stays above 0
Between expiries w is linear in time at fixed k, so it cannot fall when the slices do not cross.
Before the first expiry w = w_1 T / T_1 (flat volatility; free of butterflies if the first slice
is). After the last, the variance at the money goes on growing as between the last two expiries, the
same at every k. Beyond the quoted strikes the wings stay straight (Lee 2004 allows slopes up to 2).
Sources: Gatheral and Jacquier (2014), Arbitrage-free SVI volatility surfaces, Quantitative Finance
14; Hendriks and Martini (2019), The extended SSVI volatility surface, Journal of Computational
Finance 22; Lee (2004), The moment formula for implied volatility at extreme strikes.
Wrong across a scheduled event between two expiries (variance does not grow evenly there), and for a
smile with more shape than that. Whether a surface is free of arbitrage is checked by
``valuation.surface_checks``, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]

STEEPEST_WING = 2.0
_SIGNED = ("centre", "bump", "place")


@dataclass(frozen=True)
class Slices:
    """Smiles, one per row; every field (n,). `svi_slices` makes those without a bump.

    floor   least total variance of the SVI part, > 0   left, right  slopes of the wings, in (0, 2)
    centre  log-moneyness of the bend (m)               round   its roundness in log-moneyness, > 0
    bump    height over floor, in (-1, 1)               place, spread   log-moneyness; spread > 0
    """

    floor: Floats
    left: Floats
    right: Floats
    centre: Floats
    round: Floats
    bump: Floats
    place: Floats
    spread: Floats

    def at(self, rows: ArrayLike) -> Slices:
        """The curves of these rows, in this order (an index array or a slice's result)."""
        index = np.asarray(rows)
        return Slices(*(getattr(self, f.name)[index] for f in fields(self)))

    def raw(self) -> dict[str, Floats]:
        """The same in the letters of raw SVI: a, b, rho, m, sigma; with bump, place, spread."""
        b = 0.5 * (self.left + self.right)
        return {
            "a": self.floor - self.round * np.sqrt(self.left * self.right),
            "b": b,
            "rho": 0.5 * (self.right - self.left) / b,
            "m": self.centre,
            "sigma": self.round,
            "bump": self.bump,
            "place": self.place,
            "spread": self.spread,
        }


def svi_slices(
    floor: ArrayLike, left: ArrayLike, right: ArrayLike, centre: ArrayLike, width: ArrayLike
) -> Slices:
    """SVI smiles without a bump; arguments as the fields of `Slices`, ``width`` is ``round``."""
    v, left, right, m, s = (
        np.asarray(x, dtype=np.float64) for x in (floor, left, right, centre, width)
    )
    return Slices(v, left, right, m, s, np.zeros_like(v), np.zeros_like(v), np.ones_like(v))


def essvi_slice(theta: ArrayLike, rho: ArrayLike, psi: ArrayLike) -> Slices:
    """The SVI curves of (e)SSVI slices; theta, rho, psi (n,).

    w(k) = (theta + rho psi k + sqrt((psi k + rho theta)^2 + theta^2 (1 - rho^2))) / 2, where theta
    is the total variance at the money, psi = theta phi(theta) and rho the asymmetry.
    """
    t, r, p = (np.asarray(x, dtype=np.float64) for x in (theta, rho, psi))
    across = np.sqrt(1.0 - r * r)
    return svi_slices(
        floor=t * across**2,
        left=0.5 * p * (1.0 - r),
        right=0.5 * p * (1.0 + r),
        centre=-r * t / p,
        width=across * t / p,
    )


def slice_derivatives(slices: Slices, log_moneyness: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Total variance and its first two derivatives in k, each of the broadcast shape.

    Fields (n,) meet ``log_moneyness`` (n,) row by row, or (m, 1) as a table (m, n).
    """
    k = np.asarray(log_moneyness, dtype=np.float64)
    x = k - slices.centre
    r = np.hypot(x, slices.round)
    tilt, bend = 0.5 * (slices.right - slices.left), 0.5 * (slices.right + slices.left)
    w = slices.floor - slices.round * np.sqrt(slices.left * slices.right) + tilt * x + bend * r
    u = (k - slices.place) / slices.spread
    height = slices.floor * slices.bump * np.exp(-0.5 * u * u)
    return (
        w + height,
        tilt + bend * x / r - height * u / slices.spread,
        bend * slices.round**2 / r**3 + height * (u * u - 1.0) / slices.spread**2,
    )


@dataclass(frozen=True)
class VolatilitySurface:
    """Implied volatility of one underlying by log-moneyness and years to expiry.

    underlying  its name             as_of    time of the quotes (None: not said)
    years       (n,) rising, > 0     forward  (n,) of each expiry, quote per unit
    slices      the n SVI curves

    Raises InputError when a number is out of the bounds of `Slices` or years do not rise.
    """

    underlying: str
    as_of: datetime | None
    years: Floats
    forward: Floats
    slices: Slices

    def __post_init__(self) -> None:
        n = self.years.size
        if n == 0:
            raise InputError(
                f"the surface of {self.underlying} has no expiry", expected="at least one"
            )
        columns = {"forward": self.forward, **vars(self.slices)}
        for name, values in columns.items():
            if values.shape != (n,) or not np.all(np.isfinite(values)):
                raise InputError(
                    f"the surface of {self.underlying} has a {name} that is not {n} finite numbers",
                    expected="one per expiry",
                )
            if name not in _SIGNED and not np.all(values > 0.0):
                raise InputError(
                    f"the surface of {self.underlying} has a {name} of {float(values.min()):g}",
                    expected="numbers above 0",
                )
        if not (self.years[0] > 0.0 and np.all(np.diff(self.years) > 0.0)):
            raise InputError(
                f"the expiries of the surface of {self.underlying} do not rise from above 0",
                expected="years to expiry in order, each once",
            )
        if not np.all(np.abs(self.slices.bump) < 1.0):
            raise InputError(
                f"the surface of {self.underlying} has a bump outside -1 to 1",
                expected="one smaller than the floor, so that variance stays above 0",
            )
        steepest = float(max(self.slices.left.max(), self.slices.right.max()))
        if steepest > STEEPEST_WING:
            raise InputError(
                f"the surface of {self.underlying} has a wing of slope {steepest:g}",
                expected="at most 2 (Lee's moment formula)",
            )

    def total_variance(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """w(k, T) = volatility^2 x T, the inputs' broadcast shape; 0 at or after expiry."""
        return self.derivatives(log_moneyness, years)[0]

    def derivatives(
        self, log_moneyness: ArrayLike, years: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        """w(k, T) and its first two derivatives in k; see the module for the rule in time."""
        k, t = np.broadcast_arrays(
            np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64)
        )
        k, t = k.ravel(), np.maximum(t.ravel(), 0.0)
        shape = np.broadcast_shapes(np.shape(log_moneyness), np.shape(years))
        last = self.years.size - 1
        above = np.clip(np.searchsorted(self.years, t), 0, last)
        below = np.maximum(above - 1, 0)
        high = slice_derivatives(self.slices.at(above), k)
        low = slice_derivatives(self.slices.at(below), k)
        span = self.years[above] - self.years[below]
        inside = span > 0.0
        share = np.where(inside, (t - self.years[below]) / np.where(inside, span, 1.0), 1.0)
        share = np.minimum(share, 1.0)
        first = above == 0
        scale = np.where(first, np.minimum(t / self.years[0], 1.0), 1.0)
        w, slope, bend = (
            (scale * (share * up + (1.0 - share) * down)).reshape(shape)
            for up, down in zip(high, low, strict=True)
        )
        beyond = np.maximum(t - self.years[last], 0.0).reshape(shape)
        return w + beyond * self._growth(), slope, bend

    def volatility(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """Annual implied volatility, the inputs' broadcast shape; at expiry, that just before."""
        t = np.maximum(np.asarray(years, dtype=np.float64), 1e-3 * self.years[0])
        result: Floats = np.sqrt(self.total_variance(log_moneyness, t) / t)
        return result

    def _growth(self) -> float:
        """Variance per year at the money after the last expiry, >= 0."""
        money = slice_derivatives(self.slices, 0.0)[0]
        if self.years.size == 1:
            return float(money[0] / self.years[0])
        return max(0.0, float((money[-1] - money[-2]) / (self.years[-1] - self.years[-2])))
