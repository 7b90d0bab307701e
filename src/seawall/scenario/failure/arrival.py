"""When failures come: at a stated time, at a constant hazard, or together at a common shock.

Idea: a failure is replayed (``at_seconds``) or drawn. A drawn one comes first at

    T = -log(U) / rate          (inversion of P(T > t) = exp(-rate t), U uniform in (0, 1))

and a *shock* is such a time that several failures share: each of them comes with it with its own
``shock_probability``. A failure with a rate of its own and a shock comes at the earlier of the two,
so two failures i and j of one shock with rate s and own rates a and b have
P(T_i > t, T_j > t) = exp(-(a + b + s) t): the bivariate exponential of the source.
Within a run a failure comes once at most.

Source: Marshall and Olkin (1967), "A multivariate exponential distribution".
Wrong when: hazards rise before the failure (they are constant and do not follow prices), or a
venue fails twice within the horizon (a share of about (rate T)^2 / 2 of paths).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, SECONDS, Quantity
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A step that no run reaches.
NEVER = 2**31 - 1
RATE = Quantity("a rate per year above 0 (0.02 means once in 50 years)", 0.0, 1e6, True)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When one failure comes.

    at_seconds         from the start of the run: a replayed event, or a what-if
    rate_per_year      hazard: how often a year it comes
    shock              name of the common shock that it may come with
    shock_probability  with which it does
    """

    at_seconds: float | None = number(SECONDS, None)
    rate_per_year: float | None = number(RATE, None)
    shock: str | None = None
    shock_probability: float = number(FRACTION, 1.0)

    def __post_init__(self) -> None:
        drawn = self.rate_per_year is not None or self.shock is not None
        if (self.at_seconds is None) != drawn:
            raise InputError(
                "a failure has neither at_seconds nor a rate_per_year or shock, or has both",
                expected="at_seconds alone, or rate_per_year and / or shock",
            )


@dataclass(frozen=True, kw_only=True)
class Shock:
    """A common cause; ``at_seconds`` or ``rate_per_year`` as in :class:`Arrival`."""

    name: str
    at_seconds: float | None = number(SECONDS, None)
    rate_per_year: float | None = number(RATE, None)

    def __post_init__(self) -> None:
        if (self.at_seconds is None) == (self.rate_per_year is None):
            raise InputError(
                f"shock {self.name!r} has neither at_seconds nor rate_per_year, or has both",
                expected="one of the two",
            )


def drawn_seconds(rate_per_year: float, uniform: Floats) -> Floats:
    """First arrivals (p,) in seconds at a constant hazard, from uniforms (p,) in (0, 1)."""
    waits: Floats = -logarithm(uniform) * (SECONDS_PER_YEAR / rate_per_year)
    return waits


def arrival_seconds(
    failures: Sequence[Arrival], shocks: Sequence[Shock], own: Floats, common: Floats
) -> Floats:
    """When each failure comes on each path (p, n), seconds; infinite where it does not.

    own (p, 2 n) uniforms of failure i: 2 i for its own time, 2 i + 1 for whether it follows its
    shock; common (p, m) uniforms of the shocks.
    """
    paths = own.shape[0]
    names = [shock.name for shock in shocks]
    out = np.full((paths, len(failures)), math.inf)
    for i, failure in enumerate(failures):
        if failure.at_seconds is not None:
            out[:, i] = failure.at_seconds
        if failure.rate_per_year is not None:
            out[:, i] = drawn_seconds(failure.rate_per_year, own[:, 2 * i])
        if failure.shock is not None:
            j = names.index(failure.shock)
            hit = own[:, 2 * i + 1] < failure.shock_probability
            together = _shock_seconds(shocks[j], common[:, j])
            out[:, i] = np.minimum(out[:, i], np.where(hit, together, math.inf))
    return out


def _shock_seconds(shock: Shock, uniform: Floats) -> Floats:
    if shock.rate_per_year is not None:
        return drawn_seconds(shock.rate_per_year, uniform)
    return np.full(uniform.shape, shock.at_seconds, dtype=np.float64)


def first_step(seconds: Floats, step_seconds: float) -> Ints:
    """The first step that ends at or after a time, 1 at least; NEVER for times beyond any run."""
    steps = np.ceil(seconds / step_seconds - 1e-9)
    return np.where(steps < NEVER, np.maximum(steps, 1.0), NEVER).astype(np.int64)


def whole_steps(seconds: float, step_seconds: float) -> int:
    """How many steps a window of so many seconds covers, 1 at least."""
    return max(1, math.ceil(seconds / step_seconds - 1e-9))
