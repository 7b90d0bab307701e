"""How far a shock is: each axis in its own unit of plausibility, then one norm over the axes.

A shock has four parts, each a number of units:

* spot: moves z (k,) of all assets, in daily sigmas of each (price x (1 + sigma z)); how far that is
  says the correlation matrix C of the Case, as sqrt(z' C^-1 z): one sigma of one asset is 1, and
  so is one sigma of two assets that always move together;
* volatility: log of a factor on the implied volatility of options and on the volatility in
  the square-root law of impact, over the log-sd of the Case's prior (the errors that it states);
* depth: minus the log of a factor on depth, over the log-sd of the prior of depth; thinner only;
* latency: seconds added to the delay of every oracle feed, over 12 s or, if longer, one step.

The norm over the axes is l2 (root of the sum of squares), linf (the largest) or l1 (the sum).
Where a Case states no error, a unit is a factor exp(0.25) of volatility, exp(0.5) of depth (A16).

Source: reverse stress as the most plausible scenario that fails, in Mahalanobis distance: Breuer,
Jandacka, Rheinberger and Summer (2009), "How to find plausible, severe and useful stress
scenarios". Wrong when moves are far from elliptical, and where axes move together: they are taken
as independent of one another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.case import Case
from seawall.exposure.model_interval import model_prior
from seawall.foundation.errors import InputError
from seawall.foundation.units import daily_sigma
from seawall.scenario.correlation import correlation_factor

# Units where the Case states none: assumptions (A16).
UNSTATED_VOLATILITY, UNSTATED_DEPTH = 0.25, 0.5
LATENCY_SECONDS = 12.0


class Axis(StrEnum):
    """What a shock may move."""

    SPOT = "spot"
    VOLATILITY = "volatility"
    DEPTH = "depth"
    LATENCY = "latency"


class Norm(StrEnum):
    """How distances along the axes become one."""

    L2 = "l2"
    LINF = "linf"
    L1 = "l1"


AXES = tuple(Axis)


@dataclass(frozen=True)
class Units:
    """One unit of each axis.

    assets (m,) indices of the assets that move, sigma (m,) one daily sigma of each, factor (m, m)
    with factor factor' = correlation; volatility and depth log-sds; latency seconds; step_seconds
    stated: where the Case states the unit itself
    """

    assets: Ints
    sigma: Floats
    factor: Floats
    volatility: float
    depth: float
    latency: float
    step_seconds: float
    stated: Mapping[str, bool]


@dataclass(frozen=True)
class Shocks:
    """Shocks (n,): spot (n, m) in uncorrelated sigmas u (moves are factor u); others in units."""

    spot: Floats
    volatility: Floats
    depth: Floats
    latency: Floats

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self.volatility.size)

    def take(self, rows: Ints | slice) -> Shocks:
        """Some of them."""
        return Shocks(self.spot[rows], self.volatility[rows], self.depth[rows], self.latency[rows])

    def scaled(self, by: Floats) -> Shocks:
        """Each times a number (n,)."""
        return Shocks(
            self.spot * by[:, None], self.volatility * by, self.depth * by, self.latency * by
        )


def joined(parts: list[Shocks]) -> Shocks:
    """All shocks of several sets, in order."""
    return Shocks(
        np.concatenate([part.spot for part in parts]),
        np.concatenate([part.volatility for part in parts]),
        np.concatenate([part.depth for part in parts]),
        np.concatenate([part.latency for part in parts]),
    )


def along(shocks: Shocks) -> Floats:
    """Distance (n, 4) along each axis, units, >= 0, in the order of AXES."""
    spot = np.sqrt(np.sum(shocks.spot * shocks.spot, axis=1))
    return np.stack([spot, np.abs(shocks.volatility), shocks.depth, shocks.latency], axis=1)


def combined(distance: Floats, norm: Norm) -> Floats:
    """One norm (n,) of distances along the axes (n, a)."""
    if norm is Norm.L2:
        out: Floats = np.sqrt(np.sum(distance * distance, axis=1))
        return out
    found: Floats = np.max(distance, axis=1) if norm is Norm.LINF else np.sum(distance, axis=1)
    return found


def units_of(
    case: Case, names: tuple[str, ...], weights: Mapping[str, float], step_seconds: float
) -> Units:
    """Units of a Case; ``names`` of all assets of the margin table; ``weights`` {asset: gross}.

    Raises InputError where nothing has a volatility: then no price is ever shocked.
    """
    sigma = np.array([daily_sigma(case.market.assets[name].volatility) for name in names])
    moving = np.flatnonzero(sigma > 0)
    if moving.size == 0:
        raise InputError(
            "no asset of the case has a volatility",
            expected="volatility > 0 in market.toml: shocks of prices are in daily sigmas",
        )
    prior = model_prior(case, {k: w for k, w in weights.items() if w > 0})
    factor = correlation_factor(case.market, tuple(names[k] for k in moving))
    return Units(
        assets=moving,
        sigma=sigma[moving],
        factor=factor,
        volatility=prior.volatility or UNSTATED_VOLATILITY,
        depth=prior.depth or UNSTATED_DEPTH,
        latency=max(LATENCY_SECONDS, step_seconds),
        step_seconds=step_seconds,
        stated={"volatility": prior.volatility > 0, "depth": prior.depth > 0},
    )


def moves(units: Units, spot: Floats) -> Floats:
    """Relative moves (n, m) of prices for shocks u (n, m): sigma x (factor u)."""
    found: Floats = (spot @ units.factor.T) * units.sigma
    return found


def latency_steps(units: Units, latency: Floats) -> Ints:
    """Whole steps (n,) by which feeds are later: less than a step is none."""
    return np.floor(latency * units.latency / units.step_seconds + 1e-9).astype(np.int64)


def on_steps(units: Units, shocks: Shocks) -> Shocks:
    """The same shocks with latencies of whole steps: nothing else of them acts."""
    steps = latency_steps(units, shocks.latency).astype(np.float64)
    whole: Floats = steps * (units.step_seconds / units.latency)
    return replace(shocks, latency=whole)


def volatility_factor(units: Units, volatility: Floats) -> Floats:
    """Factor (n,) on implied volatility."""
    found: Floats = np.exp(units.volatility * volatility)
    return found


def depth_factor(units: Units, depth: Floats) -> Floats:
    """Factor (n,) on depth, at most 1."""
    found: Floats = np.exp(-units.depth * depth)
    return found


def latency_lattice(units: Units, spacing: float) -> float:
    """Spacing along latency, units: as asked for, but whole steps and one at least."""
    steps = max(1, math.floor(spacing * units.latency / units.step_seconds + 0.5))
    return steps * units.step_seconds / units.latency


def named_axes(text: str) -> tuple[Axis, ...]:
    """Axes from words with commas between; InputError for a word that is none, and for none."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    known = ", ".join(AXES)
    wrong = [word for word in words if word not in known.split(", ")]
    if wrong or not words:
        raise InputError(
            f"{wrong[0]!r} is no axis of a shock" if wrong else "no axis of a shock is named",
            file="--over",
            expected=f"some of {known}",
        )
    return tuple(axis for axis in AXES if axis in words)


def named_norm(text: str) -> Norm:
    """A norm by its name; InputError for another word."""
    if text not in tuple(Norm):
        raise InputError(
            f"{text!r} is no norm", file="--norm", expected="one of " + ", ".join(Norm)
        )
    return Norm(text)
