"""When failures come: at a stated time, at a hazard, or together at a common shock.

Idea: a failure is replayed (``at_seconds``) or drawn. A drawn one comes first at

    T = -log(U) / rate          (inversion of P(T > t) = exp(-rate t), U uniform in (0, 1))

and a *shock* is such a time that several failures share: each of them comes with it with its own
``shock_probability``. A failure with a rate of its own and a shock comes at the earlier of the two,
so two failures i and j of one shock with rate s and own rates a and b have
P(T_i > t, T_j > t) = exp(-(a + b + s) t): the bivariate exponential of the source.
Within a run a failure comes once at most.

A hazard may be *wrong-way*: it is rate x exp(wrong_way x drawdown), drawdown the fall of
``wrong_way_asset`` from its highest price of the run so far, on the exogenous path. Then the
failure comes when its own clock, the integral of exp(wrong_way x drawdown), has run for T.

Source: Marshall and Olkin (1967), "A multivariate exponential distribution"; for the clock, the
time change of a Poisson process by its hazard (Lando 1998, Cox processes). Wrong when: a venue
fails twice within the horizon (a share of about (rate T)^2 / 2 of paths), or the crowd's own
feedback, which is not in the exogenous path, is what brings it down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, SECONDS, Quantity
from seawall.foundation.record import number, word
from seawall.foundation.units import SECONDS_PER_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A step that no run reaches.
NEVER = 2**31 - 1
RATE = Quantity("a rate per year above 0 (0.02 means once in 50 years)", 0.0, 1e6, True)
WRONG_WAY = Quantity("0 to 100 (5: a fall by a fifth multiplies the hazard by e)", 0.0, 100.0)
SOURCES = ("case", "fitted", "assumed")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When one failure comes.

    at_seconds         from the start of the run: a replayed event, or a what-if
    rate_per_year      hazard: how often a year it comes
    shock              name of the common shock that it may come with
    shock_probability  with which it does
    wrong_way, wrong_way_asset  how the rate rises with that asset's drawdown
    rate_source        where the rate is from: the case's own opinion, a fit, an assumption
    """

    at_seconds: float | None = number(SECONDS, None)
    rate_per_year: float | None = number(RATE, None)
    shock: str | None = None
    shock_probability: float = number(FRACTION, 1.0)
    wrong_way: float = number(WRONG_WAY, 0.0)
    wrong_way_asset: str | None = None
    rate_source: str = word(SOURCES, "case")

    def __post_init__(self) -> None:
        drawn = self.rate_per_year is not None or self.shock is not None
        if (self.at_seconds is None) != drawn:
            raise InputError(
                "a failure has neither at_seconds nor a rate_per_year or shock, or has both",
                expected="at_seconds alone, or rate_per_year and / or shock",
            )
        _check_pace(self)


@dataclass(frozen=True, kw_only=True)
class Shock:
    """A common cause; ``at_seconds``, ``rate_per_year``, ``wrong_way`` as in :class:`Arrival`."""

    name: str
    at_seconds: float | None = number(SECONDS, None)
    rate_per_year: float | None = number(RATE, None)
    wrong_way: float = number(WRONG_WAY, 0.0)
    wrong_way_asset: str | None = None

    def __post_init__(self) -> None:
        if (self.at_seconds is None) == (self.rate_per_year is None):
            raise InputError(
                f"shock {self.name!r} has neither at_seconds nor rate_per_year, or has both",
                expected="one of the two",
            )
        _check_pace(self)


# Calendar seconds (p,) at which the own clock of a failure or shock has run so long (p,).
Pace = Callable[[Arrival | Shock, Floats], Floats]


def _check_pace(rule: Arrival | Shock) -> None:
    if (rule.wrong_way > 0.0) != (rule.wrong_way_asset is not None):
        raise InputError(
            "a failure has wrong_way without wrong_way_asset, or the reverse",
            expected="both of them, or neither",
        )
    if rule.wrong_way > 0.0 and rule.rate_per_year is None:
        raise InputError("wrong_way without a rate_per_year", expected="a rate that it raises")


def is_constant(rule: Arrival | Shock) -> bool:
    """True where it comes at a hazard that does not follow prices."""
    return rule.rate_per_year is not None and rule.wrong_way == 0.0


def drawn_seconds(rate_per_year: float, uniform: Floats) -> Floats:
    """First arrivals (p,) in seconds at a constant hazard, from uniforms (p,) in (0, 1)."""
    waits: Floats = -logarithm(uniform) * (SECONDS_PER_YEAR / rate_per_year)
    return waits


def arrival_seconds(
    failures: Sequence[Arrival],
    shocks: Sequence[Shock],
    own: Floats,
    common: Floats,
    pace: Pace | None = None,
) -> Floats:
    """When each failure comes on each path (p, n), seconds; infinite where it does not.

    own (p, 2 n) uniforms of failure i: 2 i for its own time, 2 i + 1 for whether it follows its
    shock; common (p, m) uniforms of the shocks; ``pace`` of those whose hazard follows prices,
    which without it is constant.
    """
    paths = own.shape[0]
    names = [shock.name for shock in shocks]
    out = np.full((paths, len(failures)), math.inf)
    for i, failure in enumerate(failures):
        if failure.at_seconds is not None:
            out[:, i] = failure.at_seconds
        if failure.rate_per_year is not None:
            waits = drawn_seconds(failure.rate_per_year, own[:, 2 * i])
            out[:, i] = _paced(failure, waits, pace)
        if failure.shock is not None:
            j = names.index(failure.shock)
            hit = own[:, 2 * i + 1] < failure.shock_probability
            together = _shock_seconds(shocks[j], common[:, j], pace)
            out[:, i] = np.minimum(out[:, i], np.where(hit, together, math.inf))
    return out


def _paced(rule: Arrival | Shock, waits: Floats, pace: Pace | None) -> Floats:
    return waits if pace is None or rule.wrong_way == 0.0 else pace(rule, waits)


def own_clock(price: Floats, wrong_way: float, step_seconds: float) -> Floats:
    """What the clock of a wrong-way failure shows at each step (p, s + 1), seconds; 0 first.

    price (p, s + 1) quote. In each step it runs at exp(wrong_way x drawdown at its beginning).
    """
    drawdown = 1.0 - price / np.maximum.accumulate(price, axis=1)
    speed = exponential(wrong_way * drawdown[:, :-1])
    out: Floats = np.zeros(price.shape)
    np.cumsum(speed * step_seconds, axis=1, out=out[:, 1:])
    return out


def on_own_clock(clock: Floats, waits: Floats, step_seconds: float) -> Floats:
    """Calendar seconds (p,) at which a clock (p, s + 1) shows ``waits`` (p,); infinite if never.

    Told to the step: the end of the step within which it does.
    """
    reached = clock >= waits[:, None] * (1.0 - 1e-12)
    step = reached.argmax(axis=1)
    out: Floats = np.where(reached.any(axis=1), np.maximum(step, 1) * step_seconds, math.inf)
    return out


def _shock_seconds(shock: Shock, uniform: Floats, pace: Pace | None) -> Floats:
    if shock.rate_per_year is not None:
        return _paced(shock, drawn_seconds(shock.rate_per_year, uniform), pace)
    return np.full(uniform.shape, shock.at_seconds, dtype=np.float64)


def first_step(seconds: Floats, step_seconds: float) -> Ints:
    """The first step that ends at or after a time, 1 at least; NEVER for times beyond any run."""
    steps = np.ceil(seconds / step_seconds - 1e-9)
    return np.where(steps < NEVER, np.maximum(steps, 1.0), NEVER).astype(np.int64)


def whole_steps(seconds: float, step_seconds: float) -> int:
    """How many steps a window of so many seconds covers, 1 at least."""
    return max(1, math.ceil(seconds / step_seconds - 1e-9))
